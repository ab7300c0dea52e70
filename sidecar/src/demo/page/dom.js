//! Making nodes, and money as people write it.

/** Makes an element: `make('p', {className: 'quiet'}, 'text', node, …)`. Text is set as text. */
export function make(tag, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, dataset);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * Minor units as the currency is written. The number goes in as text, so that
 * large sums are not rounded.
 */
export function formatMinor(minor, currency) {
  if (minor === null || minor === undefined) return '–';
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const rest = text.slice(text.length - digits);
  return format.format(`${minor < 0 ? '-' : ''}${whole}${digits ? '.' : ''}${rest}`);
}
