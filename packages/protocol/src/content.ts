/**
 * What a message holds: one record for what is sent, delivered, stored and shown. A new field begins here. The compiler then
 * demands its schemas (`message.ts`) and its column (the server's `store/content.ts`).
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
