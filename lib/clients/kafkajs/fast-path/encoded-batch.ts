import { type Batch, bytesOf, countOf, isPacked } from '../../../accumulator/batch.ts';
import { type EncodedRecords, RecordsEncoder } from '../../../protocol/records-encoder.ts';
import { headersToSend, timestampOf } from '../../../record/headers/sent-time.ts';

/**
 * The records of a batch as Kafka wants them. At once, before anything is waited for: a batch that is given up gives its pages
 * back, and they may hold other records by the time that a connection is open.
 */
export function encodedBatch({ content }: Batch): EncodedRecords {
  const encoder = new RecordsEncoder(countOf(content), bytesOf(content));
  if (!isPacked(content)) {
    for (const record of content)
      encoder.addValue(timestampOf(record), record.key, record.value ?? record.text, headersToSend(record));
    return encoder.finish();
  }
  content.each((page, at) => {
    const [time, key, headers] = [page.timeAt(at), page.keyAt(at), page.headersAt(at)];
    if (page.isAsciiAt(at)) encoder.addBytes(time, key, page.bytesAt(at), headers);
    else encoder.addText(time, key, page.textAt(at), headers);
  });
  return encoder.finish();
}
