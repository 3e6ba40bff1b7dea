using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>However a training is ended, it goes on to the weights of an unbroken one.</summary>
[Collection(OneTraining.Name)]
public sealed class TrainingKillTests(TrainedOnce once)
{
    // Blocks of 1,024 bytes: 40 MB of a checkpoint's 90.
    private const string AmidTheCheckpoint = "ulimit -f 40000";
    private const int FileTooLarge = 128 + 25;

    [Fact]
    public async Task A_training_killed_again_and_again_ends_with_the_weights_of_the_unbroken_one()
    {
        string folder = once["killed"];
        int kills = 0;

        // While the first checkpoint is written: the line of an epoch comes before it.
        await using (ServiceProcess first = DpfahProgram.Start(["train", "-o", folder, .. once.Options]))
        {
            await Eventually(() => Lines(folder) == 1);
            await first.KillAsync();
            kills++;
        }

        // Amid the third epoch.
        await using (ServiceProcess second = DpfahProgram.Start("train", "-o", folder, "--resume", "--progress", "json"))
        {
            await second.WaitForLineAsync(TrainedOnce.InEpoch(3));
            await second.KillAsync();
            kills++;
        }

        // By the system, in the middle of a checkpoint: what is there is half a file.
        CommandResult third = await DpfahProgram.RunAfterAsync(AmidTheCheckpoint, "train", "-o", folder, "--resume");
        Assert.Equal(FileTooLarge, third.ExitCode);
        Assert.Single(Directory.GetFiles(folder, "*.tmp"));
        kills++;

        // While the checkpoint of the third epoch is written.
        await using (ServiceProcess fourth = DpfahProgram.Start("train", "-o", folder, "--resume"))
        {
            await fourth.WaitForLineAsync("from its checkpoint");
            await Eventually(() => Lines(folder) == 2); // Those beyond the checkpoint are dropped,
            await Eventually(() => Lines(folder) == 3); // and come anew.
            await fourth.KillAsync();
            kills++;
        }

        string output = await DpfahProgram.SucceedAsync("train", "-o", folder, "--resume");
        Assert.Equal(once.Digest, TrainedOnce.DigestOf(output));
        Assert.Equal(TrainedOnce.Epochs, Lines(folder));
        Assert.Equal(Names(once.Unbroken).Where(name => name is not ("evaluation.json" or "split/query-reads.log")), Names(folder)); // Another test may have measured it.
        Counts.Report("training-kills", kills, 4);
    }

    [Fact]
    public async Task A_full_disk_leaves_the_older_checkpoint_and_is_told()
    {
        string folder = once.CopyBroken("full");
        byte[] before = await File.ReadAllBytesAsync(Path.Combine(folder, "checkpoint.safetensors"));

        // Without the signal, a write beyond the limit fails like one on a full disk.
        string sentence = DpfahProgram.Sentence(await DpfahProgram.RunAfterAsync($"trap '' XFSZ; {AmidTheCheckpoint}", "train", "-o", folder, "--resume"));

        Assert.Contains($"The checkpoint after epoch 2 cannot be written to '{Path.Combine(folder, "checkpoint.safetensors")}'", sentence, StringComparison.Ordinal);
        Assert.Contains("make room and resume", sentence, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(Path.Combine(folder, "checkpoint.safetensors")));
        Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
        Assert.Equal(once.Digest, TrainedOnce.DigestOf(await DpfahProgram.SucceedAsync("train", "-o", folder, "--resume")));
    }

    [Fact]
    public async Task A_torn_last_line_of_the_metrics_is_written_anew()
    {
        string folder = once.CopyBroken("torn");
        await File.AppendAllTextAsync(Path.Combine(folder, "metrics.jsonl"), "{\"epoch\":2,\"epo");

        Assert.Equal(once.Digest, TrainedOnce.DigestOf(await DpfahProgram.SucceedAsync("train", "-o", folder, "--resume")));
        Assert.Equal(TrainedOnce.Epochs, Lines(folder));
    }

    [Fact]
    public async Task Two_processes_do_not_train_in_one_folder()
    {
        string folder = once.CopyBroken("shared");
        await using ServiceProcess first = DpfahProgram.Start("train", "-o", folder, "--resume", "--progress", "json");
        await first.WaitForLineAsync("{\"progress\":");
        first.Pause();

        string sentence = await DpfahProgram.FailAsync("train", "-o", folder, "--resume");

        Assert.Contains($"Another process trains in '{folder}'", sentence, StringComparison.Ordinal);
        first.Continue();
        Assert.Equal(0, await first.WaitForExitAsync());
        Assert.Equal(once.Digest, TrainedOnce.DigestOf(await DpfahProgram.SucceedAsync("train", "-o", folder, "--resume")));
    }

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal);

    private static int Lines(string folder)
    {
        string path = Path.Combine(folder, "metrics.jsonl");
        return File.Exists(path) ? File.ReadAllText(path).Count(c => c == '\n') : 0;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var expiry = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!condition())
        {
            await pause.WaitForNextTickAsync(expiry.Token);
        }
    }
}
