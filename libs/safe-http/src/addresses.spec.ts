import { publicAndPrivate, publicOnly } from './addresses.ts';

const open = ['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a01:4f8::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'];
const local = ['127.0.0.1', '127.9.9.9', '10.1.2.3', '172.16.0.1', '192.168.1.1', '::1', 'fd00::1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::7f00:1'];
const closed = [
  ...['0.0.0.0', '0.1.2.3', '100.64.0.1', '169.254.169.254', '192.0.0.1', '192.0.2.1', '198.18.0.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::', '::127.0.0.1', '::8.8.8.8', '::808:808', '::ffff:0.0.0.0', '::ffff:169.254.169.254', '::ffff:0:127.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::1', '100::1'],
  ...['2001::1', '2001:db8::1', '2002:7f00:1::', '2002:808:808::', '3fff::1', '4000::1', '5f00::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
  ...['', 'localhost', '127.1', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '8.8.8.8 ', '8.8.8'],
];

test.each(open)('%s is public', (address) => {
  expect([publicOnly(address), publicAndPrivate(address)]).toEqual([true, true]);
});

test.each(local)('%s is permitted in a private network only', (address) => {
  expect([publicOnly(address), publicAndPrivate(address)]).toEqual([false, true]);
});

test.each(closed)('"%s" is never permitted', (address) => {
  expect([publicOnly(address), publicAndPrivate(address)]).toEqual([false, false]);
});
