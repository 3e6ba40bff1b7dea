using Dpfah.Core.Imaging;
using Dpfah.Core.Models;

namespace Dpfah.FunctionalTests.Errors;

/// <summary>An encoder that fails as the test says.</summary>
internal sealed class FailingEncoder(Func<Exception> fail) : IImageEncoderFactory, IImageEncoder
{
    public EncoderIdentity Identity => new("failing", "skia", "1");

    public int Bits => 64;

    public IImageEncoder Open(ModelFiles files) => this;

    public Task<ImageCode> EncodeAsync(ReadOnlyMemory<byte> previewJpeg, EncodePriority priority, CancellationToken cancellationToken) =>
        Task.FromException<ImageCode>(fail());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
