using Dpfah.Learning.Reproduction;
using Dpfah.Learning.Tests.Training;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Reproduction;

[Collection(ProcessState.Name)] // libtorch's random numbers and threads
public sealed class CellFolderTests : IDisposable
{
    private static readonly TrainingOptions Tiny = new()
    {
        Bits = 16,
        Epochs = 3,
        BatchSize = 8,
        ImageSide = 32,
        Weights = "random",
        Threads = 1,
        Device = "cpu",
    };

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_cell_goes_on_by_the_threads_that_it_began_with()
    {
        string whole = Train("whole", Tiny);
        Assert.ThrowsAny<OperationCanceledException>(() => Train("broken", Tiny, stopAfterEpoch: 1));
        byte[] run = File.ReadAllBytes(RunFileOf("broken"));

        // Another machine, with more cores; its device is the same by another name.
        string resumed = Train("broken", Tiny with { Threads = 2, Device = "auto" });

        Assert.Equal(whole, resumed);
        Assert.Equal(run, File.ReadAllBytes(RunFileOf("broken")));
        Assert.Equal(whole, Train("broken", Tiny with { Threads = 2 })); // finished, but not yet measured
        Assert.Equal(run, File.ReadAllBytes(RunFileOf("broken")));
    }

    [Fact]
    public void A_cell_without_a_checkpoint_begins_anew_by_the_threads_of_now()
    {
        Assert.ThrowsAny<OperationCanceledException>(() => Train("broken", Tiny, stopAfterEpoch: 0));

        Train("broken", Tiny with { Threads = 2 });

        Assert.Equal(2, RunFile.Read(RunFileOf("broken")).Training.Threads);
    }

    private string RunFileOf(string name) => folder.File(Path.Combine(name, RunFile.FileName));

    private string Train(string name, TrainingOptions options, int stopAfterEpoch = -1)
    {
        using var stop = new CancellationTokenSource();
        if (stopAfterEpoch == 0)
        {
            stop.Cancel();
        }

        var cell = new CellFolder(folder.Path, new Cell(name, CellKind.Trained, options.Method, options));
        cell.ThrowIfOptionsDiffer();
        return cell.Train(
            new RunFile { Dataset = "folder", Training = options },
            new NoisePictures(24, 3).ForTraining(),
            report =>
            {
                if (report.Epoch == stopAfterEpoch)
                {
                    stop.Cancel();
                }
            },
            null,
            stop.Token);
    }
}
