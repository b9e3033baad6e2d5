// @ts-check
import { words } from './words.js';

/** @import { Answer, Message, Target } from './main.js' */

const maxLines = 500;

/**
 * @template {HTMLElement} T
 * @param {string} id of an element that the page has for certain
 * @param {new () => T} kind
 * @returns {T}
 */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`The page has no such #${id}`);
}

/**
 * Shows why the server refused, or nothing if it didn't.
 *
 * @param {string} id
 * @param {Answer} answer
 */
export function trouble(id, answer) {
  find(id, HTMLElement).textContent = answer.ok ? '' : words()[answer.error];
}

/** @param {boolean} isRetrying */
export function cutOff(isRetrying) {
  return isRetrying ? words().lost : words().disconnected;
}

/** @param {string} text */
export function showLine(text) {
  const item = document.createElement('div');
  item.className = 'notice';
  item.textContent = text;
  add(item);
}

/**
 * Inserts what others wrote as text, never as HTML.
 *
 * @param {Message} message
 * @param {{ isMine: boolean, note?: string }} options
 */
export function showMessage({ from, text, to }, { isMine, note }) {
  const item = document.createElement('div');
  const head = document.createElement('p');
  const name = document.createElement('b');
  const way = document.createElement('span');
  const body = document.createElement('p');
  item.className = isMine ? 'message mine' : 'message';
  head.className = 'from';
  name.textContent = from.name;
  way.className = 'way';
  way.textContent = `→ ${wayName(to)}`;
  body.textContent = text;
  head.append(name, ' ', way);
  item.append(head, body);
  if (note !== undefined) {
    const small = document.createElement('p');
    small.className = 'note';
    small.textContent = note;
    item.append(small);
  }
  add(item);
}

/** @param {Target} to */
function wayName(to) {
  if (typeof to === 'string') return words()[to];
  if ('client' in to) return words().client;
  return to.room === 'tea' || to.room === 'books' || to.room === 'games' ? words()[to.room] : to.room;
}

/** @param {HTMLElement} item */
function add(item) {
  const log = find('log', HTMLElement);
  const wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(item);
  while (log.children.length > maxLines) log.firstElementChild?.remove();
  if (wasAtEnd) log.scrollTop = log.scrollHeight;
}
