import express from 'express';
import { createMadang } from 'madang';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pageFor } from './page.ts';
import { signIn, signOut, userOf } from './users.ts';

/** An existing app with its own users and its own routes. Madang is mounted in it under /chat. */
const app = express();
app.use(express.urlencoded({ extended: false }));

app.get('/', (request, response) => {
  response.type('html').send(pageFor(userOf(request)));
});

app.post('/sign-in', (request, response) => {
  signIn(request.body, response);
  response.redirect('/');
});

app.post('/sign-out', (request, response) => {
  signOut(request, response);
  response.redirect('/');
});

const madang = await createMadang({
  path: '/chat',
  data: process.env['DATA'] ?? './data',
  logLevel: 'warn',
  authenticate: (request) => userOf(request),
});
app.use('/chat', madang.router);

const server = createServer(app);
madang.attach(server);
server.listen(Number(process.env['PORT'] ?? 3000), () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`The app is at http://localhost:${port}, its chat at http://localhost:${port}/chat/\n`);
});

process.once('SIGTERM', () => {
  server.close();
  void madang.close().then(() => process.exit(0));
});
