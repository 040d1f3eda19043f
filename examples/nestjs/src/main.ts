import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WinstonModule } from 'nest-winston';
import { AppModule } from './app.module.js';
import { logger } from './logger.js';

async function bootstrap(): Promise<void> {
  const app = await NestFactory.create(AppModule, {
    // Given here, the logger has Nest's own lines from the first one on.
    logger: WinstonModule.createLogger({ instance: logger }),
    // By default Nest calls `process.exit()` when it cannot start, before the records are sent that say why.
    abortOnError: false,
  });

  // On SIGTERM, Nest closes the server, runs the hooks, and raises the signal again. The transport delivers all that
  // was logged until then, so there is nothing to close here.
  app.enableShutdownHooks();

  await app.listen(Number(process.env.PORT ?? 3000));
  logger.info('listening', { port: app.getHttpServer().address().port });
}

bootstrap().catch((error) => {
  logger.error('cannot start', { reason: error.message });
  process.exitCode = 1;
});
