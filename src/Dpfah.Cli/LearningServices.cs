using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Native;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary>The network behind the seam between pictures and codes.</summary>
internal static class LearningServices
{
    public static void AddDpfahEncoding(IServiceCollection services, EncoderSettings settings)
    {
        TorchRuntime.Initialize(settings.Threads);
        IImageDecoder decoder = ImageDecoders.Create(settings.Decoder);
        TorchDevice device = ChooseDevice(settings.Device);
        services.AddSingleton<IPreviewMaker>(new PreviewMaker(decoder));
        services.AddSingleton<IImageEncoderFactory>(
            new TorchImageEncoderFactory(decoder, device, new EncoderOptions { Threads = settings.Threads }));
    }

    private static TorchDevice ChooseDevice(string setting)
    {
        try
        {
            return TorchDevice.Choose(setting);
        }
        catch (InvalidOperationException error)
        {
            throw new CommandException(error.Message, error);
        }
    }
}
