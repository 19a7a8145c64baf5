// Copying text, also where the page came over plain HTTP and browsers hide the clipboard.

/** @param {string} value @returns {Promise<boolean>} whether it lies in the clipboard now */
export async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    return copyBySelection(value);
  }
}

function copyBySelection(value) {
  const area = document.createElement('textarea');
  area.value = value;
  area.className = 'hidden';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
