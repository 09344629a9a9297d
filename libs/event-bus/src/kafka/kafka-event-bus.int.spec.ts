import { describeWithEngine } from '@heliograph/testkit';
import { describeEventBusContract } from '../contract-suite.ts';
import { KafkaEngine } from './kafka-engine.ts';

describeWithEngine('kafka', 'Apache Kafka', (broker) => {
  describeEventBusContract('The Kafka engine', (topics) => KafkaEngine.start(broker, topics));
});
