using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Training;

public sealed class RunLockTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_folder_is_taken_once_at_a_time()
    {
        using (IDisposable? first = RunLock.TryTake(folder.Path))
        {
            Assert.NotNull(first);
            Assert.Null(RunLock.TryTake(folder.Path));
        }

        using IDisposable? again = RunLock.TryTake(folder.Path);
        Assert.NotNull(again);
    }

    [Fact]
    public void Another_failure_is_not_taken_for_another_process()
    {
        File.CreateSymbolicLink(folder.File(".lock"), ".lock"); // leads to itself

        Assert.Throws<IOException>(() => RunLock.TryTake(folder.Path));
    }
}
