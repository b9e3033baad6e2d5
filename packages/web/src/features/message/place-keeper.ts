import { isScrolledToEnd } from './use-read-mark.js';

/** Rows are placed at whole px, their box is not. */
const TOLERANCE_PX = 0.5;

/** An element's event: it is what stays in place now. */
const KEEP = 'madang:keep';

/** Keeps an element where it is on the screen while its list changes, also at the end of the list. */
export function keepInPlace(element: HTMLElement | null): void {
  element?.dispatchEvent(new CustomEvent(KEEP, { bubbles: true }));
}

interface Held {
  /** The list was at its end, and follows it. */
  isAtEnd: boolean;
  /** Visible rows, those that are entirely visible first, and their tops in px from the top of the window. */
  rows: { element: Element; top: number }[];
}

/**
 * Keeps a list where it is on the screen, whatever changes in it or around it: at the end of a room its end, elsewhere the
 * first visible row. Only somebody who scrolls moves it.
 */
export class PlaceKeeper {
  #scroller: HTMLElement | undefined;
  #sizes: ResizeObserver | undefined;
  #isFollowing = false;
  #held: Held | undefined;
  /** Where the list was scrolled to when the place was last held or recorded. */
  #scrollTop = 0;
  /** The rows moved by something else as well when the list was scrolled. The next resize puts that right. */
  #isUnsettled = false;

  /**
   * Begins to keep the place, until the returned function is called. `layOut` is called when rows or the list have other
   * sizes, after the virtual list has measured them, and has to place the rows.
   */
  attach(scroller: HTMLElement, layOut: () => void): () => void {
    this.#scroller = scroller;
    this.#record();
    // Younger than the virtual list's own observer: it is called after it.
    const sizes = new ResizeObserver(() => {
      layOut();
      this.hold();
    });
    this.#sizes = sizes;
    sizes.observe(scroller);
    for (const row of scroller.querySelectorAll('[data-index]')) sizes.observe(row);
    const onScroll = () => this.#scrolled(scroller);
    // Before the virtual list renders other rows, so that nothing has to be laid out for it.
    scroller.addEventListener('scroll', onScroll, { capture: true, passive: true });
    const onKeep = ({ target }: Event) => {
      const element = target as Element;
      this.#held = { isAtEnd: false, rows: [{ element, top: element.getBoundingClientRect().top }] };
    };
    scroller.addEventListener(KEEP, onKeep);
    return () => {
      sizes.disconnect();
      scroller.removeEventListener(KEEP, onKeep);
      scroller.removeEventListener('scroll', onScroll, { capture: true });
      this.#scroller = undefined;
      this.#sizes = undefined;
      this.#held = undefined;
    };
  }

  /** Takes a row's element, once the virtual list has begun to measure it. */
  observe(row: HTMLElement): void {
    this.#sizes?.observe(row);
  }

  /** Sets whether new messages at the end are followed. */
  follow(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#record();
  }

  /** Puts the list back in its place. Call it after a layout and before the next paint. */
  hold(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    if (!this.#held || !this.#restore(scroller, this.#held)) this.#record();
    this.#scrollTop = scroller.scrollTop;
    this.#isUnsettled = false;
  }

  /** The list has been told to go elsewhere: the place is where it arrives. */
  release(): void {
    this.#held = undefined;
    // Arriving where it was causes no event.
    requestAnimationFrame(() => {
      if (!this.#held) this.#record();
    });
  }

  /** The list was scrolled so that nothing moves on the screen. */
  compensated(): void {
    if (this.#scroller) this.#scrollTop = this.#scroller.scrollTop;
  }

  #scrolled(scroller: HTMLElement): void {
    const held = this.#held;
    const by = scroller.scrollTop - this.#scrollTop;
    if (!held) return this.#record();
    if (by === 0) return;
    const rows = held.rows.map(({ element, top }) => ({ element, top: top - by }));
    const first = rows.find(({ element }) => element.isConnected);
    const isMoved = first && Math.abs(first.element.getBoundingClientRect().top - first.top) > TOLERANCE_PX;
    if (!isMoved || this.#isUnsettled) return this.#record();
    this.#held = { isAtEnd: this.#isAtEnd(scroller), rows };
    this.#scrollTop = scroller.scrollTop;
    this.#isUnsettled = true;
  }

  #record(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    this.#held = { isAtEnd: this.#isAtEnd(scroller), rows: visibleRows(scroller) };
    this.#scrollTop = scroller.scrollTop;
    this.#isUnsettled = false;
  }

  #isAtEnd(scroller: HTMLElement): boolean {
    // Only scrolling up leaves the end. If the list has merely grown, it is about to be scrolled to its new end.
    const stays = this.#held?.isAtEnd === true && scroller.scrollTop >= this.#scrollTop;
    return this.#isFollowing && (stays || isScrolledToEnd(scroller));
  }

  /** Returns false if nothing is left of what was held. */
  #restore(scroller: HTMLElement, { isAtEnd, rows }: Held): boolean {
    if (isAtEnd && this.#isFollowing) {
      const end = scroller.scrollHeight - scroller.clientHeight;
      if (end - scroller.scrollTop > TOLERANCE_PX) scroller.scrollTop = end;
      return true;
    }
    const row = rows.find(({ element }) => element.isConnected);
    if (!row) return false;
    const moved = row.element.getBoundingClientRect().top - row.top;
    if (Math.abs(moved) > TOLERANCE_PX) scroller.scrollTop += moved;
    return true;
  }
}

function visibleRows(scroller: HTMLElement): Held['rows'] {
  const box = scroller.getBoundingClientRect();
  const rows = [...scroller.querySelectorAll('[data-message]')].flatMap((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return bottom > box.top && top < box.bottom ? [{ element, top }] : [];
  });
  return [...rows.filter(({ top }) => top >= box.top), ...rows.filter(({ top }) => top < box.top)];
}
