import { ChevronsUpDown } from 'lucide-react';
import { Fragment } from 'react';
import { useTexts } from '../../i18n/use-texts.js';
import { useClient, useObservable, useUser } from '../../state/client-provider.js';
import { Avatar } from '../../ui/avatar.js';
import { Menu, MenuSeparator } from '../../ui/menu.js';
import { ActionItem } from '../action/action-item.js';
import { actions } from '../action/actions.js';
import { useActionContext } from '../action/use-action-context.js';
import styles from './user-menu.module.css';

/** The user's own menu: settings, nickname, signing out. */
export function UserMenu() {
  const { t } = useTexts();
  const user = useUser();
  const { status } = useObservable(useClient().state);
  const context = useActionContext();
  return (
    <div className={styles.bar}>
      <Menu
        align="start"
        side="top"
        trigger={
          <button type="button" className={styles.me} aria-label={t('session.userMenu', { name: user.name })}>
            <Avatar id={user.id} name={user.name} size="small" presence={status === 'online' ? 'online' : 'offline'} />
            <span className={styles.name} title={user.name} translate="no">
              {user.name}
            </span>
            <ChevronsUpDown size={16} aria-hidden />
          </button>
        }
      >
        {actions
          .filter(({ menu, isOffered }) => menu === 'user' && (isOffered?.(context) ?? true))
          .map((action) => (
            <Fragment key={action.id}>
              {action.isDanger && <MenuSeparator />}
              <ActionItem action={action} context={context} />
            </Fragment>
          ))}
      </Menu>
    </div>
  );
}
