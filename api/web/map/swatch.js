// The little pictures of the legend.

import { svg } from './dom.js';

/** @param {import('./portal.js').Swatch} swatch @returns {SVGElement} 20 by 14 pixels */
export function drawSwatch(swatch) {
  return svg('svg', { class: 'swatch', viewBox: '0 0 20 14', width: 20, height: 14, 'aria-hidden': 'true' }, ...SHAPES[swatch.shape](swatch));
}

const SHAPES = {
  fill: ({ color, stroke, opacity }) => [
    svg('rect', { x: 1.5, y: 1.5, width: 17, height: 11, fill: color ?? 'none', 'fill-opacity': opacity, stroke: stroke ?? '#9aa5af', 'stroke-width': 1 }),
  ],
  line: ({ color, stroke, dash }) => [
    stroke && svg('path', { d: 'M1 7h18', stroke, 'stroke-width': 6 }),
    svg('path', { d: 'M1 7h18', stroke: color ?? '#9aa5af', 'stroke-width': stroke ? 4 : 2.5, 'stroke-dasharray': dash ? '4 2' : null }),
  ].filter(Boolean),
  point: ({ color, stroke }) => [
    svg('circle', { cx: 10, cy: 7, r: 4, fill: color ?? '#9aa5af', stroke: stroke ?? '#fff', 'stroke-width': 1.8 }),
  ],
};
