/** How long a style sheet may take to load, in ms. */
const TIME_OUT_MS = 10_000;

/**
 * Loads the page's style sheets again if the browser could not load them. Rejects if that is in vain: the page does not start
 * then, and says so, since without its styles panels and dialogs are one long column.
 */
export async function loadStyles(): Promise<void> {
  if (isStyled()) return;
  const links = document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]');
  await Promise.all([...links].map(loadAgain));
  if (!isStyled()) throw new Error('The styles are not loaded');
}

/** Not by the links: Chromium gives an empty style sheet to one whose file was not loaded. */
function isStyled(): boolean {
  return getComputedStyle(document.documentElement).getPropertyValue('--ink') !== '';
}

function loadAgain(link: HTMLLinkElement): Promise<void> {
  return new Promise((resolve, reject) => {
    const again = link.cloneNode() as HTMLLinkElement;
    const failed = () => reject(new Error(`${link.href} is not loaded`));
    // A browser may remember that the address could not be loaded.
    again.href = `${link.href}?again=${Date.now()}`;
    again.addEventListener('load', () => resolve());
    again.addEventListener('error', failed);
    setTimeout(failed, TIME_OUT_MS);
    link.replaceWith(again);
  });
}
