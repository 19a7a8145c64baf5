"""CPU time of process trees: on a machine that is shared it tells what wall-clock time does not."""

import os
from pathlib import Path
from typing import Final

import psutil

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


def tree_cpu_s(root: int) -> float:
    """Return the CPU seconds that a process and its descendants have used, the ended ones with them.

    A child's time moves to its parent when it ends and is waited for, so nothing is lost or counted twice.
    """
    ticks = 0
    for pid in (root, *(child.pid for child in psutil.Process(root).children(recursive=True))):
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the two looks; its parent has its time now
        # utime, stime, cutime, cstime: fields 14 to 17; the name in brackets before may hold spaces.
        ticks += sum(map(int, text.rpartition(")")[2].split()[11:15]))
    return ticks / TICKS_PER_S
