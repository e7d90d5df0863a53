export const serverTrainer = () => { throw new Error("not yet"); };
