import type { Page } from 'playwright-core';

/** A node of React's tree, as far as this reads it. */
interface Fiber {
  alternate: Fiber | null;
  child: Fiber | null;
  sibling: Fiber | null;
  memoizedProps: Record<string, unknown> | null;
}

/**
 * Counts from now on how often messages are rendered: React calls the hook of its developer tools after each commit, and a
 * message was rendered if its `article` has new props. Reload the page afterwards, since React looks for the hook once.
 */
export async function countRenders(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const rendered: string[] = [];
    const visit = (next: Fiber, before: Fiber | null) => {
      const key = next.memoizedProps?.['data-message'];
      if (typeof key === 'string' && next.memoizedProps !== before?.memoizedProps) rendered.push(key);
      // What React did not render keeps its children.
      if (before && next.child === before.child) return;
      for (let child = next.child; child; child = child.sibling) visit(child, child.alternate);
    };
    Object.assign(globalThis, {
      rendered,
      __REACT_DEVTOOLS_GLOBAL_HOOK__: {
        supportsFiber: true,
        checkDCE: () => {},
        inject: () => 1,
        onCommitFiberUnmount: () => {},
        onPostCommitFiberRoot: () => {},
        onCommitFiberRoot: (_id: number, root: { current: Fiber }) => visit(root.current, root.current.alternate),
      },
    });
  });
}

/** The keys of the messages rendered since the last call, once for each time. */
export function takeRendered(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { rendered: string[] }).rendered.splice(0));
}
