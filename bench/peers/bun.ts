/** Bun's own WebSocket server with its own publish; run by Bun. */

interface BunSocket {
  data: { room: string };
  subscribe(topic: string): void;
  publish(topic: string, message: string): void;
}
interface BunServer {
  port: number;
  upgrade(request: Request, options: { data: { room: string } }): boolean;
  publish(topic: string, message: string): void;
}
declare const Bun: {
  serve(options: {
    port: number;
    hostname: string;
    fetch(request: Request, server: BunServer): Response | undefined;
    websocket: {
      perMessageDeflate: boolean;
      open(socket: BunSocket): void;
      message(socket: BunSocket, message: string): void;
    };
  }): BunServer;
};

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, self) {
    const room = new URL(request.url).searchParams.get('room') ?? '';
    return self.upgrade(request, { data: { room } }) ? undefined : new Response('WebSocket only', { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open: (socket) => socket.subscribe(socket.data.room),
    message: (socket, message) => server.publish(socket.data.room, message),
  },
});
process.stdout.write(`listening ${server.port}\n`);
