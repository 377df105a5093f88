import { fuzz } from "./mutate";

describe("the decoder, given damaged frames", () => {
  it("neither throws nor hangs, and every question about what it read has an answer", function () {
    this.timeout(120_000);
    fuzz(20261121, 6000);
  });
});
