/** cephes' package.json hides its own types from ES modules; these are the parts that the tests use as an oracle. */
declare module 'cephes' {
  const cephes: {
    compiled: Promise<void>;
    hyp2f1(a: number, b: number, c: number, x: number): number;
    chdtrc(degreesOfFreedom: number, x: number): number;
  };
  export default cephes;
}
