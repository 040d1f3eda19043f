// Reads a topic from its beginning to its end with Kafka's own consumer, which checks each batch, and prints a line for each record:
// partition, offset, timestamp, the partition that Kafka's own producer has for the key (-1 without one), key, value, and names and
// values of headers; what is bytes in base64, what is not there as "-".
// `java -cp CLASS_PATH ReadBack.java BROKERS TOPIC`
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;

public class ReadBack {
  public static void main(String[] args) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("check.crcs", "true");
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, bytes, bytes)) {
      List<TopicPartition> partitions = new ArrayList<>();
      consumer.partitionsFor(args[1]).forEach((info) -> partitions.add(new TopicPartition(info.topic(), info.partition())));
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long left = consumer.endOffsets(partitions).values().stream().mapToLong(Long::longValue).sum();
      while (left > 0) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(10))) {
          System.out.println(line(record, partitions.size()));
          left--;
        }
      }
    }
  }

  static String line(ConsumerRecord<byte[], byte[]> record, int partitions) {
    int expected = record.key() == null ? -1 : Utils.toPositive(Utils.murmur2(record.key())) % partitions;
    StringBuilder line = new StringBuilder();
    line.append(record.partition()).append(' ').append(record.offset()).append(' ').append(record.timestamp());
    line.append(' ').append(expected).append(' ').append(text(record.key())).append(' ').append(text(record.value()));
    for (Header header : record.headers()) {
      line.append(' ').append(text(header.key().getBytes(StandardCharsets.UTF_8))).append(' ').append(text(header.value()));
    }
    return line.toString();
  }

  static String text(byte[] bytes) {
    return bytes == null ? "-" : "=" + Base64.getEncoder().encodeToString(bytes);
  }
}
