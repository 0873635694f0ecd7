// The model that a fine-tuning run begins from: a folder, and what of it decides the run's bits. The folder stays where it is; a run
// remembers the place and the digests, so that another copy is as good and a changed one is found.

using Idem.Audit;
using Idem.Formats;
using Idem.Inference;
using Idem.Models;

namespace Idem.Training;

/// <summary>What run.json says of the model that a run began from.</summary>
/// <param name="Path">Where it was; decides no bit.</param>
/// <param name="ModelType">Hugging Face's model_type.</param>
/// <param name="Model">Digest of its weights as a checkpoint stores them.</param>
/// <param name="Config">Digest of its config.json as a checkpoint stores it.</param>
public sealed record BaseIdentity(string Path, string ModelType, Digest Model, Digest Config);

/// <summary>A model folder to begin from.</summary>
internal sealed class BaseModel
{
    private LanguageModel? _loaded; // the first to be trained; later ones are read again

    private BaseModel(string path, ModelFolder folder)
    {
        LanguageModel model = folder.Model;
        RequireTrainable(path, model);
        _loaded = model;
        Config = model.Config;
        TokenizerJson = folder.TokenizerBytes();
        Companions = folder.Companions();
        Identity = new BaseIdentity(
            System.IO.Path.GetFullPath(path), model.Config.ModelType,
            TensorDigest.ComputeAll(model.StateDict().ToNamedTensors(), Environment.ProcessorCount).Root, Digest.Of(model.Config.ToJson()));
    }

    public BaseIdentity Identity { get; }

    public IModelConfig Config { get; }

    /// <summary>Whether it continues texts, so that a run can show samples.</summary>
    public bool CanSample => TrainingObjective.NameOf(Identity.ModelType) is null;

    /// <summary>The folder's tokenizer.json, byte for byte.</summary>
    public byte[] TokenizerJson { get; }

    public IReadOnlyList<FolderFile> Companions { get; }

    /// <summary>Reads a folder.</summary>
    /// <exception cref="UnsuitableModelException">It lacks the head that its type is trained with.</exception>
    public static BaseModel Load(string path) => new(path, ModelFolder.Load(path));

    /// <summary>Reads the model that a run began from.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">Where it is now; null for where it was. Null is returned for a run that began from nothing.</param>
    /// <exception cref="TrainingException">It is not there, or another one.</exception>
    public static BaseModel? Of(RunFolder run, string? path)
    {
        if (run.Manifest.Base is not { } identity)
        {
            return path is null ? null : throw new TrainingException($"{run.Path} did not begin from a model: leave out --from");
        }

        path ??= identity.Path;
        if (!Directory.Exists(path) && !File.Exists(path))
        {
            throw new TrainingException($"{path}, the model that {run.Path} began from, is not there: name where it is with --from");
        }

        BaseModel model = Load(path);
        return model.Identity with { Path = identity.Path } == identity
            ? model
            : throw new TrainingException(
                $"{path} is not the model that {run.Path} began from: its weights have digest {model.Identity.Model}, run.json says {identity.Model}; name the right one with --from");
    }

    /// <summary>A new copy of the model, to be trained.</summary>
    public LanguageModel Create()
    {
        LanguageModel model = Interlocked.Exchange(ref _loaded, null) ?? ModelFolder.Load(Identity.Path).Model;
        model.Train();
        return model;
    }

    private static void RequireTrainable(string path, LanguageModel model)
    {
        if (model is Bert bert && !bert.Parts.HasFlag(BertParts.MaskedLanguageHead))
        {
            throw new UnsuitableModelException(
                $"{path}: its weights have no head for masked tokens (cls.predictions.*), which training predicts with; begin from a model saved as BertForMaskedLM or BertForPreTraining");
        }
    }
}
