using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Formats;
using Idem.Numerics;
using Idem.Tests.Formats;
using Idem.Tests.Support;
using Idem.Tests.Training;
using Idem.Training;
using Idem.Verification;

namespace Idem.Tests.Verification;

/// <summary>
/// A forger who changes a step, and recomputes every hash that follows from it in ledger and checkpoints, has a run that agrees with
/// itself. Re-execution finds the step and what was changed.
/// </summary>
public sealed class ForgeryTests : IDisposable
{
    private const string State = "training_state.json", Optimizer = "optimizer.safetensors";

    private readonly TemporaryFolder _folder = new();
    private readonly FaultyFileSystem _files = new();

    // Checkpoints at 2, 4, 6, 8.
    public ForgeryTests() => TinyRun.Train(_files, _folder.Write("text.txt", "abracadabra, abracadabra\n"u8.ToArray()), steps: 8);

    public void Dispose() => _folder.Dispose();

    private RunFolder Run => RunFolder.Open(_files, TinyRun.Path);

    [Theory]
    [InlineData("loss")]
    [InlineData("grad_norm")]
    [InlineData("lr")]
    [InlineData("data_digest")]
    public void A_changed_record_is_found_by_execution_at_its_step(string quantity)
    {
        ForgeLedger(record => record.Step != 5 ? record : quantity switch
        {
            "loss" => record with { Loss = Flip((float)record.Loss.Value) },
            "grad_norm" => record with { GradNorm = LedgerNumber.Of(Math.BitIncrement(record.GradNorm.Value)) },
            "lr" => record with { Lr = LedgerNumber.Of(Math.BitIncrement(record.Lr.Value)) },
            _ => record with { DataDigest = Digest.Of("another order"u8) },
        });
        Assert.Null(Verify(new VerificationRequest(LedgerOnly: true)));
        RequireFound(5, quantity);
        Assert.Null(Verify(new VerificationRequest(Sample: 1, Seed: SeedOf(4, isIn: false))));
        Mismatch? sampled = Verify(new VerificationRequest(Sample: 1, Seed: SeedOf(4, isIn: true)));
        Assert.Equal((5, quantity), (sampled!.Step, sampled.Quantity));
    }

    /// <summary>One bit of one weight after step 4, in the checkpoint, its manifest, its state and the ledger.</summary>
    [Fact]
    public void A_changed_weight_is_found_where_it_was_computed_and_where_it_is_used()
    {
        byte[] model = _files.Content(Run.CheckpointPath(4) + "/model.safetensors");
        model[^1] ^= 1;
        Digest changed = TensorDigest.ComputeAll(SafeTensorsFile.Parse(model, "forged").Tensors, 1).Root;
        ForgeLedger(record => record.Step == 4 ? record with { ParamsDigest = changed } : record, (4, model));
        Assert.Null(Verify(new VerificationRequest(LedgerOnly: true)));
        RequireFound(4, "params_digest");
        Mismatch? after = Verify(new VerificationRequest(Sample: 1, Seed: SeedOf(4, isIn: true)));
        Assert.Equal(5, after!.Step);
    }

    [Fact]
    public void A_checkpoint_of_another_model_or_tokenizer_is_refused()
    {
        foreach ((string file, string what) in new[] { ("config.json", "\"n_head\": 1"), ("tokenizer.json", "\"a\"") })
        {
            byte[] good = _files.Content(Run.CheckpointPath(8) + "/" + file);
            string text = Encoding.UTF8.GetString(good);
            Assert.Contains(what, text, StringComparison.Ordinal);
            Rewrite(8, new() { [file] = Encoding.UTF8.GetBytes(text.Replace(what, what.Replace("1", "2", StringComparison.Ordinal).Replace("a", "z", StringComparison.Ordinal), StringComparison.Ordinal)) });
            Assert.Contains(file, Assert.Throws<CorruptFileException>(() => Verify(new VerificationRequest(LedgerOnly: true))).Message, StringComparison.Ordinal);
            Rewrite(8, new() { [file] = good });
        }
    }

    [Fact]
    public void A_record_that_states_less_than_its_step_must_is_refused()
    {
        ForgeLedger(record => record.Step == 3 ? record with { ParamsDigest = null } : record);
        LedgerException exception = Assert.Throws<LedgerException>(() => Verify(new VerificationRequest(LedgerOnly: true)));
        Assert.Equal((3, "params_digest"), (exception.Line, exception.Field));
    }

    /// <summary>A checkpoint where a run was interrupted, whose digests no line states, is compared with what is computed.</summary>
    [Fact]
    public void A_changed_checkpoint_of_an_interruption_is_found()
    {
        FaultyFileSystem files = new();
        string text = _folder.Write("text.txt", "abracadabra, abracadabra\n"u8.ToArray());
        using CancellationTokenSource stop = new();
        TinyRun.Train(files, text, 8, new StopAfter(3, stop), digestEvery: 8, cancellation: stop.Token);
        TinyRun.Train(files, text, 8, resume: "latest", digestEvery: 8);
        RunFolder run = RunFolder.Open(files, TinyRun.Path);
        Assert.Equal([2, 3, 4, 6, 8], run.CheckpointSteps());
        Assert.Null(RunVerifier.Verify(run, new VerificationRequest(), Compute.Current, null, default).Mismatch);

        byte[] optimizer = files.Content(run.CheckpointPath(3) + "/" + Optimizer);
        optimizer[^1] ^= 1;
        Rewrite(files, run, 3, new() { [Optimizer] = optimizer });
        Assert.Null(RunVerifier.Verify(run, new VerificationRequest(LedgerOnly: true), Compute.Current, null, default).Mismatch);
        Mismatch? mismatch = RunVerifier.Verify(run, new VerificationRequest(), Compute.Current, null, default).Mismatch;
        Assert.Equal((3, "optimizer_digest of the checkpoint"), (mismatch!.Step, mismatch.Quantity));
    }

    private static LedgerNumber Flip(float value) => LedgerNumber.Of(BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) ^ 1));

    private Mismatch? Verify(VerificationRequest request) => RunVerifier.Verify(Run, request, Compute.Current, null, default).Mismatch;

    private void RequireFound(long step, string quantity)
    {
        Mismatch? mismatch = Verify(new VerificationRequest());
        Assert.Equal((step, quantity), (mismatch!.Step, mismatch.Quantity));
    }

    // A seed that draws the segment after this checkpoint, or another one.
    private ulong SeedOf(long from, bool isIn)
    {
        for (ulong seed = 0; ; seed++)
        {
            VerificationReport report = RunVerifier.Verify(Run, new VerificationRequest(Sample: 1, Seed: seed), Compute.Current, null, default);
            if ((report.Segments[0].From == from) == isIn && (isIn || report.Mismatch is null))
            {
                return seed;
            }
        }
    }

    private void ForgeLedger(Func<LedgerRecord, LedgerRecord> forge, (long Step, byte[] Model)? weights = null)
    {
        RunFolder run = Run;
        LedgerEntry[] entries = [.. Ledger.Read(_files, run.LedgerPath, run.Manifest.Genesis)];
        _files.DeleteFile(run.LedgerPath);
        Dictionary<long, LedgerHead> heads = [];
        using (LedgerWriter writer = LedgerWriter.Create(_files, run.LedgerPath, run.Manifest.Genesis))
        {
            foreach (LedgerEntry entry in entries)
            {
                writer.Append(forge(entry.Record));
                heads.Add(entry.Record.Step, writer.Head);
            }
        }

        foreach (long step in run.CheckpointSteps())
        {
            Rewrite(_files, run, step, weights is { } forged && forged.Step == step ? new() { ["model.safetensors"] = forged.Model } : [], heads[step]);
        }
    }

    private void Rewrite(long step, Dictionary<string, byte[]> changed) => Rewrite(_files, Run, step, changed);

    // Everything that can be recomputed is: digests in the state, the manifest, its checksum.
    private static void Rewrite(FaultyFileSystem files, RunFolder run, long step, Dictionary<string, byte[]> changed, LedgerHead? head = null)
    {
        string path = run.CheckpointPath(step);
        Dictionary<string, byte[]> content = AtomicFolder.Open(files, path).Names.ToDictionary(name => name, name => changed.GetValueOrDefault(name) ?? files.Content(path + "/" + name));
        JsonObject state = JsonNode.Parse(content[State])!.AsObject();
        state["ledger_hash"] = head?.Hash.ToString() ?? (string)state["ledger_hash"]!;
        state["model_digest"] = TensorDigest.ComputeAll(SafeTensorsFile.Parse(content["model.safetensors"], "model").Tensors, 1).Root.ToString();
        state["optimizer_digest"] = TensorDigest.ComputeAll(SafeTensorsFile.Parse(content[Optimizer], "optimizer").Tensors, 1).Root.ToString();
        content[State] = Encoding.UTF8.GetBytes(state.ToJsonString() + "\n");
        AtomicFolder.Write(files, path, content.Select(file => new FolderFile(file.Key, stream => stream.Write(file.Value))));
    }

    private sealed class StopAfter(long step, CancellationTokenSource stop) : ITrainingObserver
    {
        public void Started(TrainingStart start)
        {
        }

        public void Stepped(TrainingStep now)
        {
            if (now.Record.Step == step)
            {
                stop.Cancel();
            }
        }

        public void Evaluating(long now, int done, int total)
        {
        }

        public void Saved(long now, string path, Digest model)
        {
        }

        public void Sampled(long now, string text)
        {
        }
    }
}
