using System.Text.Json;
using Dpfah.Core.Codes;
using Dpfah.Core.Evaluation;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Training;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Cli;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_table_and_the_JSON_file_have_the_metrics()
    {
        // Distances 0, 1, 1, 3; the second of the tie is relevant, and nearer by signature.
        string[] files = Files<sbyte>([-1, -1, -1], [-1, -1, -1, 1, -1, -1, -1, 1, -1, 1, 1, 1], 3);
        string[] signatures = [Write<byte>("qs.npy", [0, 0], 1, 2), Write<byte>("ds.npy", [0, 0, 1, 1, 0, 1, 0, 0], 4, 2)];
        CliRun run = await CliRun.Of(
            ["evaluate", .. files, "--signatures", .. signatures, "--k", "1", "3", "--json", folder["result.json"]]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));

        // AP: (1/1 + 2/3 + 3/4) / 3, by signature (1/1 + 2/2 + 3/4) / 3.
        Assert.Equal(["0.8056", "0.9167", "0.8611"], Row(run, "mAP "));
        Assert.Equal(["1.0000", "1.0000", ""], Row(run, "mAP@1 of the hits found"));
        Assert.Equal(["0.8333", "1.0000", ""], Row(run, "mAP@3 of the hits found"));
        Assert.Equal(["0.5556", "0.6667", "0.6111"], Row(run, "mAP@3 of min(R, k)"));
        Assert.Equal(["0.0300", "0.0300", ""], Row(run, "P@100 "));
        Assert.Equal(["0.6667", "0.6667", "0.6667"], Row(run, "P@H≤2"));
        Assert.Equal("1 queries, 1 with a relevant item; 4 codes of 3 bits; 2 classes.", run.Lines[^2]);
        Assert.Equal("0.0 % of the balls of radius 2 are empty and count as 0.", run.Lines[^1]);

        RetrievalResult result = JsonSerializer.Deserialize<RetrievalResult>(File.ReadAllText(folder["result.json"]), JsonSerializerOptions.Web)!;
        Assert.Equal((3, 1, 4), (result.Bits, result.Queries, result.Database));
        Assert.Equal([1, 3], result.Ranking.MapAt.Select(cut => cut.K));
        Assert.Equal((1.0 + (2.0 / 3) + 0.75) / 3, result.Ranking.Map, 1e-12);
    }

    [Fact]
    public async Task Without_signatures_their_column_is_left_out()
    {
        CliRun run = await CliRun.Of(["evaluate", .. Files<float>([-0.5f, 0.5f], [1, -1, -1, 1], 2, database: 2)]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(2, Row(run, "mAP ").Length);
        Assert.NotEmpty(Row(run, "mAP@5000 of min(R, k)"));
    }

    [Fact]
    public async Task A_file_that_does_not_fit_is_named_in_one_sentence()
    {
        string[] files = Files<sbyte>([-1, 1, -1], [-1, -1, -1, 1, -1, -1, -1, 1, -1, 1, 1, 1], 3);
        string longer = Write<sbyte>("longer.npy", [-1, 1, 1, 1], 1, 4);
        string text = folder["text.npy"];
        File.WriteAllText(text, "no array");
        await Fails($"{longer}: Its codes have 4 bits", "--codes", files[1], longer, "--labels", files[4], files[5]);
        await Fails($"{text}: This is no .npy file", "--codes", files[1], text, "--labels", files[4], files[5]);
        await Fails($"{files[4]}: It has 1 labels and {files[2]} 4 codes", "--codes", files[1], files[2], "--labels", files[4], files[4]);
        await Fails($"{longer}: It has 1 signatures", [.. files, "--signatures", longer, longer]);
        await Fails($"{folder.Path}: ", [.. files, "--json", folder.Path]);

        async Task Fails(string message, params string[] arguments)
        {
            CliRun run = await CliRun.Of(["evaluate", .. arguments]);
            Assert.Equal((1, ""), (run.ExitCode, run.Output));
            Assert.StartsWith($"dpfah: {message}", run.Error, StringComparison.Ordinal);
            Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public async Task A_full_disk_ends_with_a_code_of_its_own_and_a_training_that_ends_so_tells_it()
    {
        // A device on which every write fails as on a full disk.
        string[] files = Files<sbyte>([-1, -1, -1], [-1, -1, -1, 1, -1, -1, -1, 1, -1, 1, 1, 1], 3);
        CliRun run = await CliRun.Of(["evaluate", .. files, "--json", "/dev/full"]);
        Assert.Equal((4, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("dpfah: /dev/full: No space left on device", run.Error, StringComparison.Ordinal);

        JobFailedException told = Assert.IsType<JobFailedException>(TrainingHandler.Ended(run.ExitCode, [run.Error]));
        Assert.StartsWith("The disk is full: free some space and start the training again.", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_command_line_ends_with_2()
    {
        string[] files = Files<sbyte>([-1], [1, -1, 1, -1], 1);
        await Refused("Give the folder of a run, or --codes and --labels");
        await Refused("Give the folder of a run, or --codes and --labels", files[..3]);
        await Refused("--codes", "--codes", files[1], "--labels", files[4], files[5]);
        await Refused("File does not exist", "--codes", files[1], folder["none.npy"], "--labels", files[4], files[5]);
        await Refused("--k must be whole numbers from 1.", [.. files, "--k", "0"]);
        await Refused("--k must be whole numbers from 1.", [.. files, "--k", "10", "all"]);
        await Refused("--previews measures a run", [.. files, "--previews"]);
        await Refused("There is no option '--signature'. Did you mean --signatures?", [.. files, "--signature", files[1], files[2]]);

        async Task Refused(string message, params string[] arguments)
        {
            CliRun run = await CliRun.Of(["evaluate", .. arguments]);
            Assert.Equal((2, ""), (run.ExitCode, run.Output));
            Assert.Contains(message, run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>Writes one query of class 0 and a database of the classes 0, 1, 0, 0; returns the options that name the files.</summary>
    private string[] Files<T>(T[] query, T[] items, int bits, int database = 4)
        where T : unmanaged
    {
        long[] classes = [0, 1, 0, 0];
        return
        [
            "--codes", Write("q.npy", query, 1, bits), Write("d.npy", items, database, bits),
            "--labels", Write<long>("ql.npy", [0], 1), Write("dl.npy", classes[..database], database),
        ];
    }

    private string Write<T>(string name, T[] values, params int[] shape)
        where T : unmanaged
    {
        using FileStream stream = File.Create(folder[name]);
        NpyFile.Write<T>(stream, values, shape);
        return folder[name];
    }

    private static string[] Row(CliRun run, string name) =>
        [.. run.Lines.Single(line => line.StartsWith($"│ {name}", StringComparison.Ordinal)).Split('│')[2..^1].Select(cell => cell.Trim())];
}
