using System.Text.Json;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

/// <summary>One training as it should be, and the same one killed in its second epoch: made once, copied by the tests that change it.</summary>
public sealed class TrainedOnce : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    /// <summary>Epochs of the training.</summary>
    public const int Epochs = 4;

    /// <summary>Something in the folder of all tests of a class.</summary>
    public string this[string name] => folder[name];

    /// <summary>Folder of the pictures.</summary>
    public string Data => folder["data"];

    /// <summary>Folder of the finished run.</summary>
    public string Unbroken => folder["unbroken"];

    /// <summary>Digest of its weights.</summary>
    public string Digest { get; private set; } = "";

    /// <summary>All options of the training but its folder.</summary>
    public string[] Options =>
        [.. TinyDataset.Options(Data), .. TinyDataset.Small, "--bits", "16", "--epochs", $"{Epochs}", "--batch-size", "25"];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        TinyDataset.Write(Data);
        Digest = DigestOf(await DpfahProgram.SucceedAsync(["train", "-o", Unbroken, .. Options]));
        await using ServiceProcess broken = DpfahProgram.Start(["train", "-o", folder["broken"], "--progress", "json", .. Options]);
        await broken.WaitForLineAsync(InEpoch(2));
        await broken.KillAsync();
    }

    /// <summary>A copy of the run that was killed in its second epoch.</summary>
    public string CopyBroken(string name)
    {
        Copy(folder["broken"], folder[name]);
        return folder[name];
    }

    /// <summary>Copies a folder with all that is in it.</summary>
    public static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>The beginning of the first report amid an epoch, as <c>--progress json</c> writes it.</summary>
    public static string InEpoch(int epoch) => $"{{\"progress\":{{\"epoch\":{epoch},\"epochs\":{Epochs},\"picturesDone\":25,";

    /// <summary>The digest in what a training wrote, in either form.</summary>
    public static string DigestOf(string output)
    {
        string last = output.TrimEnd().Split('\n')[^1];
        string digest = last.StartsWith('{') ? JsonDocument.Parse(last).RootElement.GetProperty("digest").GetString()! : last.Split("  ")[0];
        Assert.Matches("^[0-9a-f]{64}$", digest);
        return digest;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The tests that share it, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class OneTraining : ICollectionFixture<TrainedOnce>
{
    public const string Name = "one training";
}
