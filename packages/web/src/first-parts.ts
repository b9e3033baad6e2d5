// Loaded while the page's own code runs for the first time, which takes as long on a phone. If it fails, it is loaded again
// when it is needed.
import('./features/message/conversation.js').catch(() => {});
