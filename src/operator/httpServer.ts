import { createServer } from 'node:http';
import type { Registry } from 'prom-client';

export interface HttpServerOptions {
  port: number;
  registry: Registry;
  /** Whether the process works at all. */
  healthy: () => boolean;
  /** Whether it knows the cluster; a standby is ready too. */
  ready: () => boolean;
}

/** Serves /healthz, /readyz and /metrics. @returns a function that closes it */
export function startHttpServer({ port, registry, healthy, ready }: HttpServerOptions): () => void {
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    const check = (good: boolean) => (good ? answer(200, 'ok') : answer(503, 'not yet'));
    switch (request.url) {
      case '/healthz':
        return check(healthy());
      case '/readyz':
        return check(ready());
      case '/metrics':
        return answer(200, await registry.metrics(), registry.contentType);
      default:
        return answer(404, 'not here: /healthz, /readyz, /metrics');
    }
  }).listen(port);
  return () => server.close();
}
