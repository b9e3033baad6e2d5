import type { CommandInput, CommandName } from '@madang/protocol';

/** What exists on a test's server, for inputs to refer to. */
export interface Subject {
  room: string;
  /** Edited only if its text is "a text". */
  message: string;
  user: string;
}

/** For every command a valid input with all of its fields. A new command without one does not compile. */
export function sampleInputs(subject: Subject): { [Name in CommandName]: CommandInput<Name> } {
  const { room, message, user } = subject;
  const page = { limit: 10 };
  return {
    'session.start': { name: 'somebody new' },
    'session.get': {},
    'session.end': {},
    'user.update': { name: 'another name' },
    'user.block': { user },
    'user.unblock': { user },
    'block.list': {},
    'room.create': { name: 'a room', topic: 'a topic', kind: 'public', clientId: 'room-1' },
    'room.list': { search: 'a', after: room, ...page },
    'room.get': { room },
    'room.join': { room },
    'room.leave': { room },
    'room.update': { room, name: 'a new name', topic: 'a new topic' },
    'room.invite': { room, user },
    'room.remove': { room, user },
    'room.hide': { room },
    'direct.open': { user },
    'membership.set': { room, favorite: true, section: null },
    'notification.set': { room, level: 'nothing' },
    'section.set': { sections: [{ id: 'work', name: 'Work' }], was: [] },
    'section.list': {},
    'member.list': { room, present: false, after: user, ...page },
    'message.send': { room, text: 'a text', clientId: 'message-1' },
    'message.edit': { message, text: 'another text', was: 'a text' },
    'message.delete': { message },
    'message.react': { message, emoji: '👍', remove: false },
    'message.list': { room, before: 100, after: 0, around: 1, ...page },
    'message.pin': { message },
    'message.unpin': { message },
    'pin.list': { room },
    'log.read': { room, after: 0, epoch: 'an-epoch', ...page },
    sync: { cursors: { [room]: 0 }, epoch: 'an-epoch' },
    'typing.start': { room },
    'presence.set': { presence: 'online' },
    'read.mark': { room, seq: 1 },
    'delivery.trace': { message, user },
  };
}
