import { DropdownMenu } from 'radix-ui';
import { createContext, type ReactNode, use, useCallback, useRef, useState } from 'react';
import { useBackCloses } from '../state/history.js';
import { classNames } from './class-names.js';
import styles from './menu.module.css';

type Act = () => void;

const ChooseContext = createContext<((act: Act) => void) | undefined>(undefined);

export interface MenuProps {
  trigger: ReactNode;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'right' | 'bottom' | 'left';
  children: ReactNode;
}

/** A menu that opens at a button. */
export function Menu({ trigger, align = 'end', side = 'bottom', children }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [container, setContainer] = useState<HTMLElement | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  useBackCloses(isOpen, () => setIsOpen(false));
  const chosen = useRef<Act>(undefined);
  const choose = useCallback((act: Act) => {
    chosen.current = act;
  }, []);
  return (
    // Not modal: locking the page's scroll would add a style element, which the content security policy refuses.
    <DropdownMenu.Root
      modal={false}
      open={isOpen}
      // Inside the landmark or dialog of its button: nothing of the page may be outside all landmarks.
      onOpenChange={(next) => {
        setContainer(button.current?.closest<HTMLElement>('dialog, nav, aside, main') ?? null);
        setIsOpen(next);
      }}
    >
      <DropdownMenu.Trigger asChild ref={button}>
        {trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={container}>
        <DropdownMenu.Content
          className={styles.menu}
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            const act = chosen.current;
            chosen.current = undefined;
            if (!act) return;
            // The focus returns first, so that a dialog which the choice opens can return it to the menu's button.
            event.preventDefault();
            button.current?.focus();
            act();
          }}
        >
          <ChooseContext value={choose}>{children}</ChooseContext>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export interface MenuAtProps {
  /** A place in the window, in px. */
  x: number;
  y: number;
  /** What the focus returns to. */
  opener: () => HTMLElement | null;
  onClose: () => void;
  children: ReactNode;
}

/** A menu at a place in the window, such as that of the pointer. It is open while it is rendered. */
export function MenuAt({ x, y, opener, onClose, children }: MenuAtProps) {
  const chosen = useRef<Act>(undefined);
  const choose = useCallback((act: Act) => {
    chosen.current = act;
  }, []);
  const [isOpen, setIsOpen] = useState(true);
  useBackCloses(isOpen, () => setIsOpen(false));
  return (
    <DropdownMenu.Root modal={false} open={isOpen} onOpenChange={setIsOpen}>
      <DropdownMenu.Trigger asChild>
        <span aria-hidden className={styles.anchor} style={{ left: x, top: y }} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Content
        className={styles.menu}
        align="start"
        sideOffset={2}
        collisionPadding={8}
        onCloseAutoFocus={(event) => {
          event.preventDefault();
          opener()?.focus();
          chosen.current?.();
          onClose();
        }}
      >
        <ChooseContext value={choose}>{children}</ChooseContext>
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}

/** An action. */
export function MenuItem(props: { icon?: ReactNode; isDanger?: boolean; onSelect: () => void; children: ReactNode }) {
  const choose = use(ChooseContext);
  return (
    <DropdownMenu.Item
      className={classNames(styles.item, props.isDanger && styles.danger)}
      onSelect={() => {
        choose?.(props.onSelect);
      }}
    >
      <span className={styles.icon}>{props.icon}</span>
      {props.children}
    </DropdownMenu.Item>
  );
}

/** A line between sections of a menu. */
export function MenuSeparator() {
  return <DropdownMenu.Separator className={styles.separator} />;
}
