using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.Cli;

/// <summary>
/// Registers the seam between pictures and codes: <see cref="IPreviewMaker"/>, <see cref="IImageEncoderFactory"/> and
/// <see cref="IFirstModel"/>.
/// </summary>
/// <exception cref="CommandException">The settings ask for a device that is not there.</exception>
internal delegate void AddEncoding(IServiceCollection services, EncoderSettings settings);
