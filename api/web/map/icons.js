// Icons of the buttons, drawn, because no font has all of them.

import { svg } from './dom.js';

const PATHS = {
  close: 'M4 4l10 10M14 4L4 14',
  info: 'M9 8v6M9 4.500v.2M9 1.500a7.500 7.500 0 1 0 .01 0z',
  target: 'M9 1v4M9 13v4M1 9h4M13 9h4M9 5.500a3.500 3.500 0 1 0 .01 0z',
};

/** @param {keyof typeof PATHS} name @returns {SVGElement} 18 by 18 pixels, in the colour of the text */
export function icon(name) {
  return svg('svg', { viewBox: '0 0 18 18', width: 18, height: 18, 'aria-hidden': 'true' },
    svg('path', { d: PATHS[name], fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6, 'stroke-linecap': 'round' }));
}
