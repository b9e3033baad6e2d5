/** The app's one page. */
export function pageFor(user: { name: string } | null): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>An app with a chat</title>
  </head>
  <body>
    <main>
      <h1>An app with a chat</h1>
      ${user ? signedIn(user.name) : signedOut}
    </main>
  </body>
</html>`;
}

const signedOut = `<form method="post" action="/sign-in">
        <label>Name <input name="name" required maxlength="32" autocomplete="username" /></label>
        <button>Sign in</button>
      </form>`;

function signedIn(name: string): string {
  return `<p>You are ${escapeHtml(name)}. <a href="/chat/">Open the chat</a></p>
      <form method="post" action="/sign-out"><button>Sign out</button></form>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
