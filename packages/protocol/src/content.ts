/**
 * The content of a message: one record, from the input of `message.send` to the database and the view. A new field starts
 * here; the compiler then requires its schemas (`message.ts`) and its column (`store/content.ts` of the server).
 */
export interface MessageContent {
  text: string;
  /** Ids of the members whom the text names, found when it was sent. */
  mentions?: string[] | undefined;
}

/** What an edit changes. */
export type EditedContent = Pick<MessageContent, 'text'>;

/** The content of a deleted message. Only its `deletedAt` says that it was deleted. */
export const noContent: MessageContent = { text: '' };
