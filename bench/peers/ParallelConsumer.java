import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Confluent's Parallel Consumer, ordered by key, IN_FLIGHT calls at once; offsets are committed every 5 s, its default. */
public class ParallelConsumer {
  private static final int HEADER = 5;

  public static void main(String[] schemaFile) throws Exception {
    int count = Integer.parseInt(System.getenv("COUNT"));
    URI stub = URI.create(System.getenv("STUB"));
    Schema schema = new Schema.Parser().parse(new File(schemaFile[0]));
    var options = ParallelConsumerOptions.<byte[], byte[]>builder()
        .consumer(new KafkaConsumer<>(settings()))
        .ordering(ParallelConsumerOptions.ProcessingOrder.KEY)
        .maxConcurrency(Integer.parseInt(System.getenv("IN_FLIGHT")))
        .build();
    var processor = ParallelStreamProcessor.createEosStreamProcessor(options);
    processor.subscribe(List.of(System.getenv("TOPIC")));
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    var seen = new AtomicInteger();
    var began = new AtomicLong();
    var over = new CountDownLatch(1);
    processor.poll(context -> {
      began.compareAndSet(0, System.nanoTime());
      byte[] value = context.getSingleConsumerRecord().value();
      try {
        if (acts(schema, value)) {
          var request = HttpRequest.newBuilder(stub).POST(HttpRequest.BodyPublishers.ofByteArray(value)).build();
          int status = http.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
          if (status != 201) throw new IllegalStateException("answer " + status);
        }
      } catch (Exception e) {
        throw new RuntimeException(e);
      }
      if (seen.incrementAndGet() == count) over.countDown();
    });
    over.await();
    double seconds = (System.nanoTime() - began.get()) / 1e9;
    System.out.printf("{\"events\": %d, \"seconds\": %.3f}%n", count, seconds);
    processor.closeDontDrainFirst();
    System.exit(0);
  }

  private static boolean acts(Schema schema, byte[] value) throws Exception {
    var decoder = DecoderFactory.get().binaryDecoder(value, HEADER, value.length - HEADER, null);
    GenericRecord event = new GenericDatumReader<GenericRecord>(schema).read(null, decoder);
    return ((GenericRecord) event.get("status")).get("id").toString().equals("enrolled");
  }

  private static Properties settings() {
    var settings = new Properties();
    settings.put("bootstrap.servers", System.getenv("KAFKA_BOOTSTRAP_SERVERS"));
    settings.put("group.id", "parallel-consumer-" + UUID.randomUUID());
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    return settings;
  }
}
