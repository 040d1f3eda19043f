import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WinstonModule } from 'nest-winston';
import { AppModule } from './app.module.js';
import { logger } from './logger.js';

// Given here, the logger has Nest's own lines from the first one on.
const app = await NestFactory.create(AppModule, { logger: WinstonModule.createLogger({ instance: logger }) });

// On SIGTERM, Nest closes the server, runs the hooks, and raises the signal again. The transport delivers all that
// was logged until then, so there is nothing to close here.
app.enableShutdownHooks();

await app.listen(Number(process.env.PORT ?? 3000));
logger.info('listening', { port: app.getHttpServer().address().port });
