// @ts-check
import { io } from 'socket.io-client';
import { cutOff, find, showLine, showMessage, trouble } from './view.js';
import { startLanguage, words } from './words.js';

/** @typedef {{ name: string, id: string, client: string }} Person */
/** @typedef {'everyone' | 'me' | 'others' | { client: string } | { room: string }} Target */
/** @typedef {{ from: Person, text: string, to: Target }} Message */
/** @typedef {{ ok: true } | { ok: false, error: 'invalid_input' | 'not_logged_in' | 'already_logged_in' | 'no_such_client' | 'not_in_room' }} Answer */

const ways = /** @type {const} */ (['everyone', 'me', 'others', 'client', 'room']);
const rooms = /** @type {const} */ (['tea', 'books', 'games']);

const socket = io();
// The same connection carries both namespaces.
const statsSocket = io('/stats');

/** @type {Person[]} */
let people = [];
/** @type {{ name: string, id: string } | undefined} */
let login;
/** @type {Set<string>} */
const joined = new Set();
let stats = { online: 0, messages: 0 };

const form = find('login', HTMLFormElement);
const composer = find('composer', HTMLFormElement);
const textInput = find('text', HTMLInputElement);
const whichClient = find('which-client', HTMLSelectElement);
const whichRoom = find('which-room', HTMLSelectElement);

startLanguage(render);

socket.on('connect', () => {
  socket.io.engine.once('upgrade', renderState);
  // After a break the server no longer knows this client, so it says again who it is and which rooms it was in.
  if (login !== undefined) logIn(login);
  for (const room of joined) socket.emit('join', room);
  render();
});
socket.on('disconnect', () => {
  people = [];
  showLine(cutOff(socket.active));
  render();
});
socket.on('login', (/** @type {Person} */ person) => showLine(words().cameIn(person.name)));
socket.on('logout', (/** @type {Person} */ person) => showLine(words().left(person.name)));
socket.on('people', (/** @type {Person[]} */ list) => {
  people = list;
  render();
});
socket.on('chat', (/** @type {Message} */ message) =>
  showMessage(message, { isMine: message.from.client === socket.id }),
);
statsSocket.on('stats', (/** @type {typeof stats} */ now) => {
  stats = now;
  renderStats();
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  logIn({ name: find('name', HTMLInputElement).value, id: find('id', HTMLInputElement).value });
});

composer.addEventListener('change', renderTarget);
composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const to = target();
  const text = textInput.value;
  if (to === undefined || text.trim() === '') return;
  socket.emit('chat', { text, to }, (/** @type {Answer} */ answer) => {
    trouble('chat-trouble', answer);
    if (!answer.ok) return;
    textInput.value = '';
    const from = people.find((person) => person.client === socket.id);
    const comesBack = to === 'everyone' || to === 'me' || (typeof to === 'object' && 'room' in to);
    if (!comesBack && from !== undefined) showMessage({ from, text, to }, { isMine: true, note: words().sentAway });
  });
});

find('force-disconnect', HTMLElement).addEventListener('click', () => {
  socket.emit('forceDisconnect');
});
find('connect-again', HTMLElement).addEventListener('click', () => {
  socket.connect();
  socket.once('connect', () => textInput.focus());
});

/** @param {{ name: string, id: string }} wanted */
function logIn(wanted) {
  socket.emit('login', wanted, (/** @type {Answer} */ answer) => {
    trouble('login-trouble', answer);
    if (!answer.ok) return;
    const isFirst = login === undefined;
    login = wanted;
    find('login-section', HTMLElement).hidden = true;
    find('workspace', HTMLElement).hidden = false;
    if (isFirst) textInput.focus();
    render();
  });
}

function way() {
  const checked = new FormData(composer).get('way');
  return ways.find((name) => name === checked) ?? 'everyone';
}

/** @returns {Target | undefined} */
function target() {
  const chosen = way();
  if (chosen === 'client') return whichClient.value === '' ? undefined : { client: whichClient.value };
  if (chosen === 'room') return whichRoom.value === '' ? undefined : { room: whichRoom.value };
  return chosen;
}

function render() {
  renderStats();
  renderPeople();
  renderRooms();
  renderState();
  renderTarget();
}

function renderStats() {
  find('stats', HTMLElement).textContent = words().stats(stats.online, stats.messages);
}

function renderPeople() {
  const others = people.filter((person) => person.client !== socket.id);
  find('people', HTMLElement).replaceChildren(
    ...people.map((person) => {
      const item = document.createElement('li');
      const id = document.createElement('small');
      id.textContent = person.client === socket.id ? `${person.id} · ${words().you}` : person.id;
      item.append(`${person.name} `, id);
      return item;
    }),
  );
  fill(
    whichClient,
    others.map((person) => new Option(`${person.name} (${person.id})`, person.client)),
    words().nobody,
  );
}

function renderRooms() {
  find('rooms', HTMLElement).replaceChildren(
    ...rooms.map((room) => {
      const label = document.createElement('label');
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.checked = joined.has(room);
      box.addEventListener('change', () => {
        if (box.checked) joined.add(room);
        else joined.delete(room);
        socket.emit(box.checked ? 'join' : 'leave', room);
        renderRoomChoice();
      });
      label.append(box, words()[room]);
      return label;
    }),
  );
  renderRoomChoice();
}

function renderRoomChoice() {
  const options = rooms.filter((room) => joined.has(room)).map((room) => new Option(words()[room], room));
  fill(whichRoom, options, words().noRoom);
  renderTarget();
}

/** Shows which call on the server the chosen way stands for. */
function renderTarget() {
  const chosen = way();
  whichClient.hidden = chosen !== 'client';
  whichRoom.hidden = chosen !== 'room';
  const calls = {
    everyone: 'io.emit(…)',
    me: 'socket.emit(…)',
    others: 'socket.broadcast.emit(…)',
    client: 'io.to(id).emit(…)',
    room: 'io.to(room).emit(…)',
  };
  find('code', HTMLElement).textContent = calls[chosen];
  find('meaning', HTMLElement).textContent = words()[`${chosen}Meaning`];
}

function renderState() {
  const { connected } = socket;
  find('force-disconnect', HTMLElement).hidden = !connected;
  textInput.disabled = !connected;
  find('send', HTMLButtonElement).disabled = !connected;
  find('connect-again', HTMLElement).hidden = connected || socket.active;
  find('state', HTMLElement).textContent = connected
    ? words().connected(socket.io.engine.transport.name)
    : cutOff(socket.active);
}

/**
 * @param {HTMLSelectElement} select keeps its choice if that is still there
 * @param {HTMLOptionElement[]} options
 * @param {string} whenEmpty
 */
function fill(select, options, whenEmpty) {
  const before = select.value;
  select.replaceChildren(...(options.length > 0 ? options : [new Option(whenEmpty, '')]));
  if (options.some((option) => option.value === before)) select.value = before;
}
