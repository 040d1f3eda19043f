// The messages of OTLP that a log record is made of, as descriptors. Names, numbers and types are those that opentelemetry-proto 1.x
// publishes (opentelemetry/proto/{collector/logs,logs,common,resource}/v1, Apache-2.0); none of its text is here.
import { create, createFileRegistry, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const PACKAGE = 'otlp';
const SCALARS: Readonly<Record<string, Type>> = {
  string: Type.STRING,
  bool: Type.BOOL,
  int64: Type.INT64,
  double: Type.DOUBLE,
  bytes: Type.BYTES,
  uint32: Type.UINT32,
  fixed32: Type.FIXED32,
  fixed64: Type.FIXED64,
};
const MAX_SEVERITY = 24;

/** Fields as `[repeated ]type name number`. */
const MESSAGES: Readonly<Record<string, readonly string[]>> = {
  ExportLogsServiceRequest: ['repeated ResourceLogs resource_logs 1'],
  ResourceLogs: ['Resource resource 1', 'repeated ScopeLogs scope_logs 2', 'string schema_url 3'],
  Resource: ['repeated KeyValue attributes 1', 'uint32 dropped_attributes_count 2'],
  ScopeLogs: ['InstrumentationScope scope 1', 'repeated LogRecord log_records 2', 'string schema_url 3'],
  InstrumentationScope: [
    'string name 1',
    'string version 2',
    'repeated KeyValue attributes 3',
    'uint32 dropped_attributes_count 4',
  ],
  LogRecord: [
    'fixed64 time_unix_nano 1',
    'fixed64 observed_time_unix_nano 11',
    'SeverityNumber severity_number 2',
    'string severity_text 3',
    'AnyValue body 5',
    'repeated KeyValue attributes 6',
    'uint32 dropped_attributes_count 7',
    'fixed32 flags 8',
    'bytes trace_id 9',
    'bytes span_id 10',
    'string event_name 12',
  ],
  AnyValue: [
    'string string_value 1',
    'bool bool_value 2',
    'int64 int_value 3',
    'double double_value 4',
    'ArrayValue array_value 5',
    'KeyValueList kvlist_value 6',
    'bytes bytes_value 7',
  ],
  ArrayValue: ['repeated AnyValue values 1'],
  KeyValueList: ['repeated KeyValue values 1'],
  KeyValue: ['string key 1', 'AnyValue value 2'],
};

function fieldOf(declaration: string, isInOneof: boolean) {
  const words = declaration.split(' ');
  const [type = '', name = '', number] = words.slice(-3);
  const typeName = `.${PACKAGE}.${type}`;
  const kind =
    type in SCALARS
      ? { type: SCALARS[type] as Type }
      : { type: type === 'SeverityNumber' ? Type.ENUM : Type.MESSAGE, typeName };
  return {
    name,
    jsonName: name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    number: Number(number),
    label: words[0] === 'repeated' ? Label.REPEATED : Label.OPTIONAL,
    ...kind,
    ...(isInOneof && { oneofIndex: 0 }),
  };
}

const messageType = Object.entries(MESSAGES).map(
  ([name, fields]): MessageInitShape<typeof DescriptorProtoSchema> => ({
    name,
    field: fields.map((field) => fieldOf(field, name === 'AnyValue')),
    oneofDecl: name === 'AnyValue' ? [{ name: 'value' }] : [],
  }),
);
const enumType = [
  {
    name: 'SeverityNumber',
    value: Array.from({ length: MAX_SEVERITY + 1 }, (_, number) => ({ name: `SEVERITY_${number}`, number })),
  },
];
const file = create(FileDescriptorProtoSchema, {
  name: 'otlp.proto',
  package: PACKAGE,
  syntax: 'proto3',
  messageType,
  enumType,
});

/** What each value of Kafka's is to be, for the Collector's `otlp_json`. */
export const ExportLogsServiceRequest: DescMessage = createFileRegistry(file, () => undefined).getMessage(
  `${PACKAGE}.ExportLogsServiceRequest`,
) as DescMessage;
