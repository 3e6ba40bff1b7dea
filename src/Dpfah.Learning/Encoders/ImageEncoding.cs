using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Native;
using Dpfah.Learning.Networks;

namespace Dpfah.Learning.Encoders;

/// <summary>All that lies behind the seam between pictures and codes, made from a program's settings.</summary>
public sealed class ImageEncoding
{
    private ImageEncoding(IImageDecoder decoder, TorchDevice device, NetworkPrecision precision, int threads, int bits)
    {
        (Device, Precision) = (device, precision);
        Previews = new PreviewMaker(decoder);
        Encoders = new TorchImageEncoderFactory(decoder, device, new EncoderOptions { Threads = threads, Precision = precision });
        FirstModel = new FirstModel(decoder, device, bits);
    }

    /// <summary>Where the networks compute.</summary>
    public TorchDevice Device { get; }

    /// <summary>In which numbers the networks compute.</summary>
    public NetworkPrecision Precision { get; }

    /// <summary>Makes previews.</summary>
    public IPreviewMaker Previews { get; }

    /// <summary>Opens models.</summary>
    public IImageEncoderFactory Encoders { get; }

    /// <summary>Makes the model that a service starts with.</summary>
    public IFirstModel FirstModel { get; }

    /// <summary>Chooses device and decoder. A program calls it once, before its first picture.</summary>
    /// <param name="device"><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</param>
    /// <param name="decoder">One of <see cref="ImageDecoders.Names"/>.</param>
    /// <param name="precision">One of <see cref="NetworkPrecisions.Names"/>.</param>
    /// <param name="threads">Threads of the network on the CPU, at least 1; 0 for one a core.</param>
    /// <param name="bits">Length of the first model's codes.</param>
    /// <exception cref="ArgumentException">A name that is not known, or a number out of range.</exception>
    /// <exception cref="InvalidOperationException">CUDA was asked for and is not there; the message says what to do.</exception>
    public static ImageEncoding Prepare(string device, string decoder, string precision, int threads, int bits)
    {
        IImageDecoder reader = ImageDecoders.Create(decoder);
        int used = threads == 0 ? Environment.ProcessorCount : threads;
        TorchRuntime.SetThreads(used);
        return new ImageEncoding(reader, TorchDevice.Choose(device), NetworkPrecisions.Parse(precision), used, bits);
    }
}
