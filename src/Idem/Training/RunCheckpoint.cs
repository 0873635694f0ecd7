// A checkpoint: a complete Hugging Face model folder with the optimizer's state and the run's position beside it, whole or absent
// (docs/formats.md). It is tied to its ledger by the head that it stores.

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Inference;

namespace Idem.Training;

/// <summary>A checkpoint of a run, opened.</summary>
internal sealed class RunCheckpoint
{
    /// <summary>The file that makes a model folder a checkpoint: its position in the run.</summary>
    public const string StateFile = "training_state.json";

    /// <summary>The file of the optimizer's states.</summary>
    public const string OptimizerFile = "optimizer.safetensors";

    private const string StateFormat = "idem-state-1";

    private readonly AtomicFolder _folder;
    private readonly Digest _model;
    private readonly Digest _optimizer;

    private RunCheckpoint(AtomicFolder folder, long step, LedgerHead ledger, Digest model, Digest optimizer)
    {
        _folder = folder;
        _model = model;
        _optimizer = optimizer;
        Step = step;
        Ledger = ledger;
    }

    /// <summary>The step after which it was taken.</summary>
    public long Step { get; }

    /// <summary>The state of the ledger at that step.</summary>
    public LedgerHead Ledger { get; }

    public string Path => _folder.Path;

    public Digest ModelDigest => _model;

    public Digest OptimizerDigest => _optimizer;

    /// <summary>Numbers of the model, known once its tensors are verified.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Saves a session, whole or not at all. Returns the folder and the digest of its model.</summary>
    public static (string Path, Digest Model) Save(RunFolder run, TrainingSession session, LedgerHead ledger)
    {
        string path = run.CheckpointPath(session.Step);
        IReadOnlyList<NamedTensor> model = session.ModelTensors(), optimizer = session.OptimizerTensors();
        Digest modelDigest = session.ModelDigest(), optimizerDigest = session.OptimizerDigest();
        JsonObject state = new()
        {
            ["format"] = StateFormat,
            ["step"] = session.Step,
            ["genesis"] = run.Manifest.Genesis.ToString(),
            ["ledger_lines"] = ledger.Lines,
            ["ledger_hash"] = ledger.Hash.ToString(),
            ["model_digest"] = modelDigest.ToString(),
            ["optimizer_digest"] = optimizerDigest.ToString(),
        };
        AtomicFolder.Write(
            run.Files,
            path,
            [
                .. ModelFolder.Files(session.Model, session.Data.TokenizerJson, model, session.Companions),
                new FolderFile(OptimizerFile, stream => SafeTensorsWriter.Write(stream, optimizer, SafeTensorsWriter.TransformersMetadata)),
                new FolderFile(StateFile, stream => stream.Write(Encoding.UTF8.GetBytes(state.ToJsonString() + "\n"))),
            ]);
        return (path, modelDigest);
    }

    /// <summary>Opens the checkpoint after a step.</summary>
    /// <param name="run">The run.</param>
    /// <param name="step">The step.</param>
    /// <param name="verify">Whether to check the digest of every file and tensor.</param>
    /// <exception cref="CorruptFileException">It is not what was saved, or of another run.</exception>
    public static RunCheckpoint Open(RunFolder run, long step, bool verify)
    {
        string path = run.CheckpointPath(step);
        AtomicFolder folder = verify ? AtomicFolder.OpenVerified(run.Files, path) : AtomicFolder.Open(run.Files, path);
        string file = System.IO.Path.Combine(folder.Path, StateFile);
        const string Remedy = "Delete the checkpoint and resume from an earlier one";
        try
        {
            JsonObject state = JsonNode.Parse(folder.ReadAllBytes(StateFile))!.AsObject();
            string format = state["format"]!.GetValue<string>();
            if (format != StateFormat)
            {
                throw new CorruptFileException(file, $"has format '{format}', this version reads '{StateFormat}'", "Use the version of Idem that wrote it");
            }

            if (Digest.Parse(state["genesis"]!.GetValue<string>()) != run.Manifest.Genesis || state["step"]!.GetValue<long>() != step)
            {
                throw new CorruptFileException(file, "belongs to another run or step", "Put the folder back where it came from");
            }

            RunCheckpoint checkpoint = new(
                folder,
                step,
                new LedgerHead(state["ledger_lines"]!.GetValue<long>(), Digest.Parse(state["ledger_hash"]!.GetValue<string>())),
                Digest.Parse(state["model_digest"]!.GetValue<string>()),
                Digest.Parse(state["optimizer_digest"]!.GetValue<string>()));
            if (verify)
            {
                checkpoint.VerifyTensors();
            }

            return checkpoint.Ledger.Lines == step
                ? checkpoint
                : throw new CorruptFileException(file, $"states {checkpoint.Ledger.Lines} ledger lines at step {step}: a run has a line for each step", Remedy);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new CorruptFileException(file, $"is not a training state: {exception.Message}", Remedy, exception);
        }
    }

    /// <summary>
    /// Checks that the ledger holds the head that this checkpoint was taken after, and the same digests; that it holds the run's model
    /// and tokenizer. A checkpoint without its ledger is evidence of nothing.
    /// </summary>
    /// <exception cref="CorruptFileException">It does not.</exception>
    public void CheckAgainst(RunFolder run, IReadOnlyList<LedgerEntry> ledger)
    {
        const string Remedy = "The ledger or the checkpoint was replaced; restore both from one copy of the run";
        if (Ledger.Lines > ledger.Count)
        {
            throw new CorruptFileException(run.LedgerPath, $"ends after line {ledger.Count}, but {Path} was taken after line {Ledger.Lines}", Remedy);
        }

        if (Ledger.Hash != (Ledger.Lines == 0 ? run.Manifest.Genesis : ledger[(int)Ledger.Lines - 1].Hash))
        {
            throw new CorruptFileException(Path, $"was taken after a line {Ledger.Lines} that the ledger does not have", Remedy);
        }

        if (Ledger.Lines > 0)
        {
            LedgerRecord record = ledger[(int)Ledger.Lines - 1].Record;
            if ((record.ParamsDigest is { } parameters && parameters != _model) || (record.OptimizerDigest is { } optimizer && optimizer != _optimizer))
            {
                throw new CorruptFileException(Path, $"holds other tensors than the ledger states for step {record.Step}", Remedy);
            }
        }

        CheckFile(IModelFiles.Config, run.Manifest.ModelConfigDigest);
        CheckFile(IModelFiles.Tokenizer, run.Manifest.Tokenizer);
    }

    /// <summary>Puts a session of the same configuration where this checkpoint was taken.</summary>
    /// <exception cref="CorruptFileException">The tensors are not those that were saved.</exception>
    public void Restore(TrainingSession session)
    {
        VerifyTensors();
        using (SafeTensorsFile model = _folder.OpenTensors(SafeTensorsFolder.SingleFile))
        {
            session.Model.LoadStateDict(new StoredState(model.Path, model.Tensors));
        }

        using SafeTensorsFile optimizer = _folder.OpenTensors(OptimizerFile);
        foreach (Optimizers.StateTensor state in session.Optimizer.State)
        {
            optimizer[state.FullName].Values<float>().CopyTo(state.Data);
        }

        session.Optimizer.SetStep(Step);
        session.Step = Step;
    }

    /// <summary>The model's tensors, as they are stored.</summary>
    public SafeTensorsFile OpenModel() => _folder.OpenTensors(SafeTensorsFolder.SingleFile);

    private void CheckFile(string name, Digest expected)
    {
        Digest actual = Digest.Of(_folder.ReadAllBytes(name));
        if (actual != expected)
        {
            throw new CorruptFileException(
                _folder.PathOf(name), $"has digest {actual}, by {RunManifest.FileName} it is {expected}", "It is of another run, or was changed; restore the checkpoint from a copy");
        }
    }

    private void VerifyTensors()
    {
        ParameterCount = Check(SafeTensorsFolder.SingleFile, _model);
        Check(OptimizerFile, _optimizer);
    }

    private long Check(string name, Digest expected)
    {
        using SafeTensorsFile file = _folder.OpenTensors(name);
        Digest actual = TensorDigest.ComputeAll(file.Tensors, Environment.ProcessorCount).Root;
        if (actual != expected)
        {
            throw new CorruptFileException(file.Path, $"its tensors have digest {actual}, {StateFile} says {expected}", "Delete the checkpoint and resume from an earlier one");
        }

        return file.Tensors.Sum(tensor => tensor.Shape.Aggregate(1L, (product, dimension) => product * dimension));
    }
}
