// Which steps evaluate, digest, save and sample: pure functions of the configuration, shared by training and verification.

namespace Idem.Training;

internal static class TrainingPlan
{
    public static bool Evaluates(this TrainConfig config, long step) =>
        config.EvalEvery > 0 && config.ValFraction > 0 && (step % config.EvalEvery == 0 || step == config.Steps);

    public static bool Saves(this TrainConfig config, long step) => step % config.CheckpointEvery == 0 || step == config.Steps;

    public static bool Digests(this TrainConfig config, long step) => step % config.DigestEvery == 0 || config.Saves(step);

    public static bool Samples(this TrainConfig config, long step) =>
        config.SampleEvery > 0 && config.SampleTokens > 0 && (step % config.SampleEvery == 0 || step == config.Steps);
}
