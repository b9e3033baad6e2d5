import type { Room, Section } from '@madang/protocol';
import { expect, test } from 'vitest';
import { groupRooms } from '../src/features/room/order-rooms.js';

const room = (id: string, more: Partial<Room> = {}) => ({ id, kind: 'public', createdAt: 0, ...more }) as Room;
const sections: Section[] = [
  { id: 'work', name: 'Work' },
  { id: 'home', name: 'Home' },
];

test('each room is in one part of the list, whatever is known of its section', () => {
  const rooms = [
    room('plain'),
    room('favorite', { favorite: true, section: 'work' }),
    room('worked', { section: 'work' }),
    room('lost', { section: 'gone' }),
    room('peer', { kind: 'direct' }),
    room('lost peer', { kind: 'direct', section: 'gone' }),
    room('liked peer', { kind: 'direct', favorite: true }),
  ];
  const groups = groupRooms(rooms, sections).map(({ key, rooms: own }) => [key, own.map(({ id }) => id)]);
  expect(groups).toEqual([
    ['favorites', ['favorite', 'liked peer']],
    ['#work', ['worked']],
    ['#home', []],
    ['rooms', ['lost', 'plain']],
    ['directs', ['lost peer', 'peer']],
  ]);
});
