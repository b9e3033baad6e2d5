import type { Page } from 'playwright-core';

/** The space that a phone's notch and its own bar take, in px. */
export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** A finger needs this much, in px. */
const FINGER_PX = 44;

/** Shows the page as on a phone with a notch. */
export async function setInsets(page: Page, insets: Insets): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setSafeAreaInsetsOverride' as never, { insets } as never);
  await session.detach();
}

/**
 * What is wrong with what is on the screen, by the elements' names: what is too small for a finger, cut at a side, or under the
 * notch; and whether the page is wider than the window. Links within a text are as high as its lines (WCAG 2.5.8).
 */
export function findLayoutFaults(page: Page, insets: Insets): Promise<string[]> {
  return page.evaluate(
    ({ fingerPx, safe }) => {
      const faults: string[] = [];
      const wider = document.documentElement.scrollWidth - innerWidth;
      if (wider > 0) faults.push(`the page is ${wider} px wider than the window`);
      const interactive =
        'a[href], button, input, textarea, select, summary, [role=button], [role=menuitem], [role=menuitemradio], ' +
        '[role=menuitemcheckbox], [role=option], [role=tab], [role=switch], [role=gridcell]';
      const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
      for (const element of top.querySelectorAll<HTMLElement>(interactive)) {
        if (element.closest('[data-testid=text] a, [inert], [aria-hidden=true]')) continue;
        // A choice is pressed at its label.
        const target = element.matches('[type=radio], [type=checkbox]')
          ? (element.closest('label') ?? element)
          : element;
        const box = target.getBoundingClientRect();
        const x = box.left + box.width / 2;
        const y = box.top + box.height / 2;
        const seen = document.elementFromPoint(x, y);
        // Hidden, for screen readers only, scrolled away or covered by what is on top.
        if (!seen || !(target.contains(seen) || seen.contains(target)) || !element.checkVisibility()) continue;
        if (box.width <= 1 || box.height <= 1) continue;
        const name = `${element.getAttribute('aria-label') ?? element.textContent}: `;
        const size = `${Math.round(box.width * 10) / 10}x${Math.round(box.height * 10) / 10}`;
        if (box.width < fingerPx - 0.01 || box.height < fingerPx - 0.01) faults.push(`${name}${size}`);
        if (box.left < safe.left - 0.5 || box.right > innerWidth - safe.right + 0.5) {
          faults.push(`${name}from ${box.left} to ${box.right}, cut at a side`);
        }
        const scrolls = (each: Element | null): boolean =>
          each !== null &&
          ((each.scrollHeight > each.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(each).overflowY)) ||
            scrolls(each.parentElement));
        if (!scrolls(element) && (box.top < safe.top || box.bottom > innerHeight - safe.bottom)) {
          faults.push(`${name}from ${box.top} down to ${box.bottom}, under the notch`);
        }
      }
      return faults;
    },
    { fingerPx: FINGER_PX, safe: insets },
  );
}
