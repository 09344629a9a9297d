export { createDelivery, DeliveryModule } from './app.module.ts';
