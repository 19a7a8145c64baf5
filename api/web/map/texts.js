// The words of the map in both languages.

import { getLanguage } from './state.js';

const TEXTS = {
  appName: ['时空', 'Shikong'],
  address: ['此视图的地址', 'Link to this view'],
  ariaMap: ['地图。方向键移动，加减键缩放，回车查询中心处的要素。', 'Map. Arrow keys move, plus and minus zoom, Enter asks what lies in the centre.'],
  close: ['关闭', 'Close'],
  collapse: ['收起图层面板', 'Hide the layer panel'],
  copied: ['已复制链接', 'Link copied'],
  copyFailed: ['无法复制，请从地址栏复制。', 'Cannot copy; take it from the address bar.'],
  features: ['个要素', 'features'],
  itemPage: ['要素页面', 'Feature page'],
  layerInfo: ['数据集说明', 'About this collection'],
  layers: ['图层', 'Layers'],
  loading: ['正在加载…', 'Loading…'],
  missingLibrary: ['地图组件未安装：请在服务器上运行 ./run setup，然后刷新。', 'The map component is not installed: run ./run setup on the server, then reload.'],
  noWebgl: ['此浏览器不能绘制地图（WebGL 2 不可用）。数据可在“数据集”中查看。', 'This browser cannot draw the map (no WebGL 2). The data can be read under Collections.'],
  noLayers: ['没有图层。导入数据后刷新本页。', 'There are no layers. Import data and reload.'],
  noValues: ['没有属性值', 'No values'],
  nothingHere: ['此处没有正在显示的要素。', 'No shown feature lies here.'],
  offline: ['无法连接服务器，将自动重试。', 'The server cannot be reached; trying again by itself.'],
  more: ['其余 {n} 个未列出', '{n} more are not listed'],
  position: ['纬度, 经度', 'lat, lon'],
  centre: ['中心', 'centre'],
  ready: ['', ''],
  result: ['查询结果', 'What lies here'],
  retry: ['立即重试', 'Try now'],
  share: ['复制链接', 'Copy link'],
  styleFailed: ['样式无法加载（{why}），将自动重试。', 'The style cannot be loaded ({why}); trying again by itself.'],
  switchLanguage: ['English', '中文'],
  synthetic: ['合成示例数据', 'Synthetic sample data'],
  syntheticHint: ['由程序生成，不代表真实的道路、建筑、地址与管线。', 'Generated; it shows no real road, building, address or pipe.'],
  tilesFailed: ['{n} 块瓦片加载失败（{why}），将自动重试。', '{n} tiles failed ({why}); trying again by itself.'],
  zoomIn: ['放大', 'Zoom in'],
  zoomLevel: ['级', 'zoom'],
  zoomOut: ['缩小', 'Zoom out'],
  zoomTo: ['缩放至图层', 'Zoom to the layer'],
  zoomHint: ['放大至 {z} 级可见', 'Visible from zoom {z}'],
};

/**
 * A text in the language of the moment.
 * @param {keyof typeof TEXTS} key
 * @param {Record<string, string | number>} [values] for `{name}` in the text
 */
export function text(key, values = {}) {
  const chosen = TEXTS[key][getLanguage() === 'en' ? 1 : 0];
  return chosen.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The title of a layer, field or code in the language of the moment. @param {import('./portal.js').Titled} titled */
export function title(titled) {
  return titled[getLanguage()];
}
