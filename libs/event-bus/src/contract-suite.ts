import { Bench, type MakeEngine, PATIENCE_MS } from './contract/bench.ts';
import { controlContract } from './contract/control.contract.ts';
import { deliveryContract } from './contract/delivery.contract.ts';
import { groupContract } from './contract/group.contract.ts';

export type { ContractEngine, MakeEngine } from './contract/bench.ts';

/** Every engine of the event bus passes this suite unchanged. For specs only, so not exported from the library. */
export function describeEventBusContract(name: string, makeEngine: MakeEngine): void {
  describe(`${name} keeps the contract of the event bus:`, () => {
    const bench = new Bench(makeEngine);
    beforeEach(() => bench.start(), PATIENCE_MS);
    afterEach(() => bench.stop(), PATIENCE_MS);

    deliveryContract(bench);
    groupContract(bench);
    controlContract(bench);
  });
}
