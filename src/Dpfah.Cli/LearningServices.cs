using Dpfah.Learning.Encoders;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary>The network behind the seam between pictures and codes.</summary>
internal static class LearningServices
{
    public static void AddDpfahEncoding(IServiceCollection services, EncoderSettings settings)
    {
        ImageEncoding encoding;
        try
        {
            encoding = ImageEncoding.Prepare(settings.Device, settings.Decoder, settings.Precision, settings.Threads, FirstModel.DefaultBits);
        }
        catch (InvalidOperationException error)
        {
            throw new CommandException(error.Message, error);
        }

        services.AddSingleton(encoding.Previews);
        services.AddSingleton(encoding.Encoders);
        services.AddSingleton(encoding.FirstModel);
    }
}
