// What is leaned on of kafkajs 2.2.4 beyond what it promises, each with the line of its source that forces it. Where kafkajs is
// another one, each leaves it as it is; spec/clients/kafkajs/workarounds.spec.ts and its neighbours fail the day it changes.
export { laterConnectTimeout, withConnectTimeout } from './workarounds/connect-timeout.ts';
export { forgetPartialAnswers } from './workarounds/connections.ts';
export { loadAheadUnderJest } from './workarounds/load-ahead.ts';
export { keepTopicErrorsApart, tellLeaderless } from './workarounds/metadata.ts';
export { type BrokerConnection, interceptProduce, type KafkajsProduce } from './workarounds/produce.ts';
export {
  asOneGroup,
  groupAtOnce,
  LIMITED_RETRIES,
  NO_RETRIES,
  REAUTHENTICATION_MS,
} from './workarounds/producer.ts';
export { defaultSocket, destroyWhereUnreadable, unrefOnce } from './workarounds/sockets.ts';
export { withoutPolling } from './workarounds/timers.ts';
