import { Injectable, Logger, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';

@Injectable()
export class OrdersService implements OnModuleDestroy, OnApplicationShutdown {
  // Nest's logger: it writes to winston, with the name of the class as `context`.
  readonly #logger = new Logger(OrdersService.name);

  place(order: number): void {
    this.#logger.log({ message: 'order placed', order });
  }

  onModuleDestroy(): void {
    this.#logger.log('shutting down');
  }

  onApplicationShutdown(signal?: string): void {
    this.#logger.log({ message: 'shut down', signal });
  }
}
