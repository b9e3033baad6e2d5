import { type ComponentProps, useLayoutEffect, useRef } from 'react';

export interface GrowingTextAreaProps extends Omit<ComponentProps<'textarea'>, 'ref'> {
  value: string;
  /** The height at which it stops growing and scrolls instead. */
  maxRows: number;
  ref?: (element: HTMLTextAreaElement | null) => void;
}

/** Hardly a letter is narrower than this, in px. */
const NARROWEST_PX = 3;

/** A text area that is as high as its text. */
export function GrowingTextArea({ maxRows, ref, ...rest }: GrowingTextAreaProps) {
  const element = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    const area = element.current;
    if (!area) return;
    // It has a row without being measured, which on a page that is just being built costs as much as the rest of it.
    if (rest.value === '') {
      area.style.height = '';
      return;
    }
    const style = getComputedStyle(area);
    const line = Number.parseFloat(style.lineHeight) || 22;
    const padding = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom);
    const border = Number.parseFloat(style.borderTopWidth) + Number.parseFloat(style.borderBottomWidth);
    const highest = line * maxRows + padding;
    // A long text is laid out once at each key, and not measured as well.
    const isHigh = rest.value.length > (maxRows * area.clientWidth) / NARROWEST_PX;
    if (!isHigh) area.style.height = 'auto';
    area.style.height = `${(isHigh ? highest : Math.min(area.scrollHeight, highest)) + border}px`;
  }, [rest.value, maxRows]);

  useLayoutEffect(() => {
    ref?.(element.current);
    // Once, when it appears: callers focus it here.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);

  return <textarea rows={1} {...rest} ref={element} />;
}
