/** How many messages a list reads at a time. */
export const PAGE_MESSAGES = 50;
