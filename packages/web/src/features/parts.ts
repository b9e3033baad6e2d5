import type { Activity, ViewMessage } from '@madang/client';
import type { Room } from '@madang/protocol';
import type { ComponentType } from 'react';
import type { Translate } from '../i18n/i18n.js';

/** The sentence about an event, by the event's name. */
export type ActivitySentences = {
  [Type in Activity['type']]?: (t: Translate, event: Extract<Activity, { type: Type }>) => string;
};

/** Does something with a message: a button of its toolbar, or a line of its sheet. */
export interface MessageActionProps {
  label: string;
  Icon: ComponentType<{ size: number; 'aria-hidden': true }>;
  isDanger?: boolean;
  onClick: () => void;
}

export interface MessageButtonProps {
  message: ViewMessage;
  /** How an action looks here. */
  Button: ComponentType<MessageActionProps>;
}

/**
 * What a feature adds to rooms and messages, which need not know of it. `features/<name>/parts.tsx` exports it as `parts`,
 * and is found by its name.
 */
export interface Parts {
  /** In the header of a room that the user is in. */
  RoomButton?: ComponentType<{ room: Room }>;
  /** Among the actions of a message that was sent and is not deleted. */
  MessageButton?: ComponentType<MessageButtonProps>;
  /** Below a message's text, in a line with what else is noted there. */
  MessageNote?: ComponentType<{ message: ViewMessage; className: string | undefined }>;
  /** What a room shows of the feature's events, between its messages. */
  sentences?: ActivitySentences;
}

const files = import.meta.glob<{ parts: Parts }>('./*/parts.tsx', { eager: true });

/** The parts of all features, by their folders' names. */
export const parts: readonly (Parts & { name: string })[] = Object.entries(files).map(([file, module]) => ({
  ...module.parts,
  name: file,
}));

/** How every feature tells its events. */
export const featureSentences: ActivitySentences = Object.assign({}, ...parts.map((each) => each.sentences));
