const WHERE = `Which Kafka:
  --brokers LIST     host:port, several with commas (or KAFKA_BROKERS)
  --config FILE      a module whose default export is kafkajs's KafkaConfig
  --ssl              TLS (or KAFKA_SSL=true); KAFKA_SSL_CA=FILE names the authority's certificate
  KAFKA_CLIENT_ID, KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are read from the environment. The
  command line goes before the environment, and the environment before the module. No password is taken from the command line.`;

const CODES = 'Exit code: 0 done, 1 something failed, 2 wrong usage.';

export const USAGE: Readonly<Record<'main' | 'check' | 'tail' | 'spool', string>> = {
  main: `Usage: winston-kafkajs COMMAND [options]

  check --brokers LIST --topic NAME   tries what the transport will need, and says what to do
  tail  --brokers LIST --topic NAME   prints records as they arrive
  spool DIRECTORY                     shows what lies in a spool, or sends it

winston-kafkajs COMMAND --help says more; --version prints the version.
${CODES}
`,
  check: `Usage: winston-kafkajs check --brokers LIST --topic NAME [options]

Tries what the transport will need, a line each, up to the first that fails, and says what to do about that: DNS, TCP, TLS and
the certificate, API versions, SASL, the addresses that the brokers name, the topic, its partitions, in-sync replicas against
min.insync.replicas, the size limit, a record written and read back, and the clock.

It writes one record to the topic, whose message begins with "winston-kafkajs check".

  --no-record        writes none: then the right to write and the clock are not tried
  --timeout MS       limit of one step (default: 5000)
  --json             prints one JSON object

${WHERE}
${CODES}
`,
  tail: `Usage: winston-kafkajs tail --brokers LIST --topic NAME [options]

Prints records as they arrive, until Ctrl-C; with --since those that are there, by time. It reads in a consumer group of a random
name (winston-kafkajs-…), and commits no offsets. No colours in a pipe or with NO_COLOR.

  --level LEVEL      this level and more severe ones; records without a known level are shown
  --grep PATTERN     only records whose text matches the regular expression
  --since TIME       from there on: 30s, 10m, 2h, 1d (ago), or a date; then it ends at what is there now, and merges the
                     partitions by time
  --until TIME       no later records
  --follow           with --since or --until: goes on with what arrives

${WHERE}
${CODES}
`,
  spool: `Usage: winston-kafkajs spool DIRECTORY [options]

Lists the records that wait on disk. Looking changes nothing, and may be done while a process owns the spool.

  --print            prints the records
  --json             prints the list as JSON
  --replay           sends what processes have left behind to Kafka, and removes it. What belongs to a process that runs is
                     left to that one. Ctrl-C ends it; what is not sent, or refused, stays
  --timeout MS       --replay gives up after so long without progress (default: 30000)

${WHERE}
${CODES}
`,
};
